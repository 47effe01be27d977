//! Settings as they are written in the layers, and the rules for single values.

use std::collections::BTreeMap;

use serde::Deserialize;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[validate(length(min = 1, message = "must not be empty"))]
    pub(super) data_dir: String,
    pub(super) deployment_id: Option<String>,
    #[validate(nested)]
    pub(super) server: Server,
    #[validate(nested)]
    pub(super) store: Store,
    #[serde(default)]
    pub(super) vault: Vault,
    #[validate(nested)]
    pub(super) auth: Auth,
    #[validate(nested)]
    pub(super) limits: Limits,
    pub(super) egress: Egress,
    pub(super) oauth: Oauth,
    #[serde(default)]
    pub(super) catalog: Catalog,
    #[serde(default)]
    pub(super) audit: Audit,
    #[serde(default)]
    pub(super) log: Log,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: String,
    pub(super) behind_proxy: bool,
    pub(super) trusted_proxies: String,
    #[validate(range(min = 1, max = 600, message = "must be 1 to 600"))]
    pub(super) keep_alive: u64,
    pub(super) metrics_listen: Option<String>,
    pub(super) public_url: Option<String>,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) url: Option<String>,
    #[validate(range(min = 1, max = 200, message = "must be 1 to 200"))]
    pub(super) pool_size: u32,
    pub(super) migrate: Migrate,
    #[validate(range(max = 3600, message = "must be 0 to 3600"))]
    pub(super) wait_s: u64,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum Migrate {
    Auto,
    Never,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    pub(super) keys: Option<String>,
    pub(super) keys_file: Option<String>,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    pub(super) jwt_secret: Option<String>,
    pub(super) jwt_secret_file: Option<String>,
    pub(super) issuer: String,
    #[validate(length(min = 1, message = "must not be empty"))]
    pub(super) audience: String,
    #[serde(default)]
    pub(super) issuers: BTreeMap<String, Issuer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Issuer {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) jwks_file: Option<String>,
    pub(super) organizations: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) org_claim: Option<String>,
    pub(super) roles_claim: Option<String>,
    pub(super) subject_claim: Option<String>,
    pub(super) scope_claim: Option<String>,
    pub(super) service_claim: Option<String>,
    pub(super) role_map: Option<String>,
    pub(super) principals: Option<String>,
    pub(super) max_lifetime: Option<String>,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    #[validate(range(min = 1, max = 1_000_000, message = "must be 1 to 1000000"))]
    pub(super) credentials_per_provider: u32,
    pub(super) enabled: bool,
    #[validate(range(min = 1, max = 100_000, message = "must be 1 to 100000"))]
    pub(super) tests_per_user: u32,
    #[validate(range(min = 1, max = 100_000, message = "must be 1 to 100000"))]
    pub(super) tests_per_organization: u32,
    #[validate(range(min = 1, max = 1_000, message = "must be 1 to 1000"))]
    pub(super) tests_per_destination: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Egress {
    pub(super) allow_cidrs: String,
    pub(super) allow_hosts: String,
    pub(super) allow_ports: String,
    pub(super) dns: String,
    pub(super) internal_postgresql_hosts: String,
    pub(super) plain_http: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Oauth {
    pub(super) completion: CompletionName,
    pub(super) redirect_allowlist: Option<String>,
    pub(super) hand_out_refresh_tokens: bool,
    #[serde(default)]
    pub(super) apps: BTreeMap<String, App>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum CompletionName {
    Confirm,
    Bound,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) hosts: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    pub(super) dir: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    pub(super) checkpoint_file: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: Option<LogFormat>,
}

/// The format of log lines.
#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For a person at a terminal.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Every broken rule with the name of its setting. The parameters of the validator's errors hold the value,
/// so only their messages are used.
pub(super) fn explain(errors: &ValidationErrors) -> String {
    let mut lines = Vec::new();
    gather(errors, "", &mut lines);
    lines.sort();
    lines.join("; ")
}

fn gather(errors: &ValidationErrors, section: &str, lines: &mut Vec<String>) {
    for (field, kind) in errors.errors() {
        let name = if section.is_empty() { field.to_string() } else { format!("{section}.{field}") };
        match kind {
            ValidationErrorsKind::Struct(inner) => gather(inner, &name, lines),
            ValidationErrorsKind::Field(broken) => lines.extend(broken.iter().map(|error| {
                let rule = error.message.as_deref().unwrap_or("is not valid");
                format!("{name} ({}) {rule}", super::keys::variable(&name))
            })),
            ValidationErrorsKind::List(_) => {}
        }
    }
}
