/// What the operator allows, in the format of the settings. Entries of a list are separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressSettings {
    /// Networks that are allowed beside the public ones, such as `10.0.0.0/8,http=127.0.0.0/8,*=192.0.2.7`.
    /// The word before `=` is a purpose (`sftp`, `postgres`, `http`, `oauth`, `jwks`, `webhook`) or `*` for
    /// all of them. An entry without a word is for `sftp` and `postgres`.
    pub allow_cidrs: String,
    /// Names that the rules for names would refuse, such as `localhost`, `db`, `*.corp.internal`. Their
    /// addresses still have to be public or in `allow_cidrs`.
    pub allow_hosts: String,
    /// Ports that are allowed beside the usual ones, such as `http=8443,http=9000-9100`. The word before `=`
    /// has the same meaning as in `allow_cidrs`.
    pub allow_ports: String,
    /// Name servers, such as `127.0.0.1:5353,[::1]:53`; empty means those of the system.
    pub dns: String,
    /// The only targets of the provider `internal_postgresql`, such as `pg1.corp.example:5432`. The default
    /// port is 5432.
    pub internal_postgresql_hosts: String,
    /// Whether HTTP without TLS is allowed, which is for rehearsals.
    pub plain_http: bool,
}

/// A setting that cannot be read. The error names the setting, the position of the entry and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("egress.{key} (STRONGROOM_EGRESS__{}) {rule}", key.to_uppercase())]
pub struct EgressSettingsError {
    /// The setting.
    pub key: &'static str,
    /// The rule that it breaks.
    pub rule: String,
}
