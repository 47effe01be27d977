/// What the operator allows, as it is written in the settings. Lists are separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressSettings {
    /// Networks beside the public ones: `10.0.0.0/8,http=127.0.0.0/8,*=192.0.2.7`. The word before `=` is a
    /// purpose (`sftp`, `postgres`, `http`, `oauth`, `jwks`, `webhook`) or `*` for all of them. Without one:
    /// `sftp` and `postgres`.
    pub allow_cidrs: String,
    /// Names that the rules for names would refuse: `localhost`, `db`, `*.corp.internal`. Their addresses
    /// still have to be public or in `allow_cidrs`.
    pub allow_hosts: String,
    /// Ports beside the usual ones: `http=8443,http=9000-9100`. The word before `=` as in `allow_cidrs`.
    pub allow_ports: String,
    /// Name servers, `127.0.0.1:5353,[::1]:53`; empty means the system's.
    pub dns: String,
    /// The only targets of the provider `internal_postgresql`: `pg1.corp.example:5432`. Without a port: 5432.
    pub internal_postgresql_hosts: String,
    /// Whether HTTP without TLS is allowed. For rehearsals.
    pub plain_http: bool,
}

/// A setting that cannot be read. Names the setting, the entry's position and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("egress.{key} (STRONGROOM_EGRESS__{}) {rule}", key.to_uppercase())]
pub struct EgressSettingsError {
    /// Which setting.
    pub key: &'static str,
    /// What it must be.
    pub rule: String,
}
