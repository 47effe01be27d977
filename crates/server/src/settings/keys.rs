//! The list of all settings, with the type of each.

/// The type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    /// A text that must be one of these.
    Choice(&'static [&'static str]),
}

/// Every setting by its dotted name. A test compares this list with config/default.toml.
const KEYS: [(&str, Kind); 35] = [
    ("data_dir", Kind::Text),
    ("deployment_id", Kind::Text),
    ("server.listen", Kind::Text),
    ("server.behind_proxy", Kind::Boolean),
    ("server.trusted_proxies", Kind::Text),
    ("server.keep_alive", Kind::Integer),
    ("server.metrics_listen", Kind::Text),
    ("server.public_url", Kind::Text),
    ("store.url", Kind::Text),
    ("store.pool_size", Kind::Integer),
    ("store.migrate", Kind::Choice(&["auto", "never"])),
    ("store.wait_s", Kind::Integer),
    ("vault.keys", Kind::Text),
    ("vault.keys_file", Kind::Text),
    ("auth.jwt_secret", Kind::Text),
    ("auth.jwt_secret_file", Kind::Text),
    ("auth.issuer", Kind::Text),
    ("auth.audience", Kind::Text),
    ("limits.credentials_per_provider", Kind::Integer),
    ("limits.enabled", Kind::Boolean),
    ("limits.tests_per_user", Kind::Integer),
    ("limits.tests_per_organization", Kind::Integer),
    ("limits.tests_per_destination", Kind::Integer),
    ("egress.allow_cidrs", Kind::Text),
    ("egress.allow_hosts", Kind::Text),
    ("egress.allow_ports", Kind::Text),
    ("egress.dns", Kind::Text),
    ("egress.internal_postgresql_hosts", Kind::Text),
    ("egress.plain_http", Kind::Boolean),
    ("oauth.completion", Kind::Choice(&["confirm", "bound"])),
    ("oauth.redirect_allowlist", Kind::Text),
    ("oauth.hand_out_refresh_tokens", Kind::Boolean),
    ("catalog.dir", Kind::Text),
    ("audit.checkpoint_file", Kind::Text),
    ("log.format", Kind::Choice(&["pretty", "json"])),
];

/// The settings of one entry under `auth.issuers`.
const ISSUER_KEYS: [&str; 14] = [
    "issuer",
    "audience",
    "client_id",
    "jwks_file",
    "organizations",
    "organization",
    "org_claim",
    "roles_claim",
    "subject_claim",
    "scope_claim",
    "service_claim",
    "role_map",
    "principals",
    "max_lifetime",
];

/// The settings of one entry under `oauth.apps`.
const APP_KEYS: [&str; 3] = ["client_id", "client_secret", "hosts"];

/// Variables of settings that do not begin as ours do.
pub(super) const ALIASES: [&str; 2] = ["PORT", "DATABASE_URL"];

/// The sections whose entries have names of the operator's choice, with the settings of an entry.
pub(super) const SECTIONS: [(&str, &[&str]); 2] =
    [("auth.issuers.", &ISSUER_KEYS), ("oauth.apps.", &APP_KEYS)];

/// The dotted names of all settings outside of [`SECTIONS`].
pub(super) fn names() -> impl Iterator<Item = String> {
    KEYS.iter().map(|(name, _)| (*name).to_owned())
}

/// Finds the type of a setting by its dotted name; `None` when there is no setting of that name.
pub(super) fn lookup(name: &str) -> Option<Kind> {
    if let Some((_, kind)) = KEYS.iter().find(|(known, _)| *known == name) {
        return Some(*kind);
    }
    let entry = |section: &str, keys: &[&str]| {
        let (entry, key) = name.strip_prefix(section)?.split_once('.')?;
        let plain = entry.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        (plain && keys.contains(&key)).then_some(Kind::Text)
    };
    SECTIONS.iter().find_map(|(section, keys)| entry(section, keys))
}

/// Whether a setting holds a secret, or may.
pub(super) fn is_secret(name: &str) -> bool {
    matches!(name, "vault.keys" | "auth.jwt_secret" | "store.url") || name.ends_with(".client_secret")
}

/// The environment variable of a setting.
pub(super) fn variable(name: &str) -> String {
    format!("STRONGROOM_{}", name.to_uppercase().replace('.', "__"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_documents_every_setting_and_no_other() {
        let text = include_str!("../../../../config/default.toml");
        let mut section = String::new();
        let mut documented = Vec::new();
        for line in text.lines().map(|line| line.trim_start_matches("# ")) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = format!("{name}.");
            } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ')) {
                documented.push(format!("{section}{key}"));
            }
        }
        for (name, _) in KEYS {
            assert!(documented.iter().any(|known| known == name), "{name} is not documented");
        }
        for name in documented {
            assert!(lookup(&name).is_some(), "{name} is documented and unknown");
        }
    }
}
