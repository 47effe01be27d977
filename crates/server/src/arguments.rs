//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Strongroom: a vault for integration credentials.
#[derive(Parser)]
#[command(name = "strongroom", version, about)]
pub(crate) struct Arguments {
    /// A settings file, laid over the defaults and under the environment.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start the server (the default).
    Serve,
    /// Set the store up or apply migrations, and exit.
    Migrate,
    /// Print a token of the local issuer for a person.
    Token(Token),
    /// Manage service accounts.
    #[command(subcommand)]
    ServiceAccount(ServiceAccount),
    /// Manage API keys.
    #[command(subcommand)]
    ApiKey(ApiKey),
    /// Manage organisations.
    #[command(subcommand)]
    Org(Org),
    /// Manage the key ring.
    #[command(subcommand)]
    Keys(Keys),
    /// Read or check the audit trail.
    #[command(subcommand)]
    Audit(Audit),
    /// Show or check provider files.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Say what is wrong with this installation, and what to do.
    Doctor,
}

#[derive(Args)]
pub(crate) struct Token {
    /// The organisation.
    #[arg(long)]
    pub(crate) org: String,
    /// The person's id, which becomes `sub`.
    #[arg(long)]
    pub(crate) user: String,
    /// What the person may do.
    #[arg(long)]
    pub(crate) role: RoleName,
    /// How long the token is valid: a number and s, m or h; at most 24h.
    #[arg(long, default_value = "1h")]
    pub(crate) ttl: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    Admin,
    Member,
}

#[derive(Subcommand)]
pub(crate) enum ServiceAccount {
    /// Make a service account and print its id.
    Create {
        /// The organisation.
        #[arg(long)]
        org: String,
        /// A name for it.
        #[arg(long)]
        name: String,
        /// A scope; may be repeated. Without any: credentials:read and secrets:read.
        #[arg(long)]
        scope: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum ApiKey {
    /// Make an API key and print it, this once.
    Create {
        /// The organisation.
        #[arg(long)]
        org: String,
        /// The service account's id.
        #[arg(long)]
        service_account: String,
        /// A name for it.
        #[arg(long, default_value = "cli")]
        name: String,
        /// When it expires: a number and d, h, m or s, such as 90d.
        #[arg(long)]
        expires: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Org {
    /// Set how many credentials per provider an organisation may hold.
    Limit {
        /// The organisation.
        #[arg(long)]
        org: String,
        /// The limit, or `default` for the deployment's.
        limit: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Show the keys that the store and the key ring know.
    Status,
    /// Print a new key for the key ring.
    Generate {
        /// A name for it.
        #[arg(long, default_value = "k1")]
        name: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Catalog {
    /// Print the providers.
    List,
    /// Check the provider files of a folder, as `catalog.dir` would load them.
    Check {
        /// The folder.
        dir: PathBuf,
    },
}

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Print the newest records of a chain.
    List(AuditList),
    /// Check whole audit chains.
    Verify {
        /// Only this organisation's.
        #[arg(long)]
        org: Option<String>,
        /// Compare with the checkpoints in this file.
        #[arg(long, value_name = "FILE")]
        checkpoints: Option<PathBuf>,
        /// Open every credential, and compare it with what the trail last said of it.
        #[arg(long)]
        deep: bool,
    },
}

#[derive(Args)]
pub(crate) struct AuditList {
    /// The organisation, or `~system` for what belongs to none: refused tokens and keys, and starts.
    #[arg(long)]
    pub(crate) org: String,
    /// Only records of this action, such as `authentication.failed`.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Only records of this actor: `user:<sub>`, `service:<id>` or `system:<job>`.
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// Only records before this place of the chain.
    #[arg(long, value_name = "SEQ")]
    pub(crate) before: Option<u64>,
    /// How many records at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,
}
