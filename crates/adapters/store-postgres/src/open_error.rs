use std::borrow::Cow;

use strongroom_repository::Source;

use crate::pool::NoConnection;

/// Why the database cannot be used. No variant holds the URL.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be used.
    #[error("the database url {0}")]
    Url(Cow<'static, str>),
    /// The file named by `sslrootcert` cannot be used.
    #[error("the file named by sslrootcert {0}")]
    RootCertificates(&'static str),
    /// TLS cannot be set up.
    #[error("tls to the database cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The server cannot be reached, or refuses the connection.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Source),
    /// A pooler gives each transaction, or each statement, another connection of the server.
    #[error(
        "the database is behind a pooler that gives each transaction a connection of its own (PgBouncer: pool_mode = \
         transaction or statement), and Strongroom keeps prepared statements and time limits in its connections: \
         name a pool in session mode, or the server itself (Supabase: port 5432; Neon: the host without -pooler)"
    )]
    SharedConnections,
    /// The server acknowledges writes that it may lose.
    #[error("the database has {setting} off, so it may lose writes that were answered; switch it on")]
    UnsafeDurability {
        /// `fsync` or `synchronous_commit`.
        setting: &'static str,
    },
    /// The schema is newer than this build.
    #[error("the database has migration {version}, which this build does not know; start a newer build")]
    NewerSchema {
        /// The newest migration that this build does not know.
        version: String,
    },
    /// The schema is older than this build.
    #[error("the database lacks migration {version}; run the migrate command first")]
    OlderSchema {
        /// The oldest migration that is missing.
        version: &'static str,
    },
    /// The server takes no writes.
    #[error(
        "the database server is read-only, as a standby is; name the primary server, or the address that always leads to it"
    )]
    ReadOnly,
    /// Migrating failed; nothing was changed.
    #[error("migrating the database failed and changed nothing{advice}")]
    Migration {
        /// The next step, when the cause is a usual one.
        advice: &'static str,
        /// What the server says.
        source: Source,
    },
}

impl OpenError {
    /// Whether the cause may be gone in a moment: the server is not there yet, starts or stops, or becomes
    /// the primary.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::ReadOnly => true,
            Self::Unreachable(source) => {
                source.downcast_ref::<NoConnection>().is_some_and(NoConnection::is_passing)
            }
            _ => false,
        }
    }

    /// Whether the URL is what to look at, or where it leads.
    pub fn is_about_the_url(&self) -> bool {
        matches!(
            self,
            Self::Url(_)
                | Self::RootCertificates(_)
                | Self::Tls(_)
                | Self::Unreachable(_)
                | Self::SharedConnections
                | Self::ReadOnly
                | Self::Migration { .. }
        )
    }
}
