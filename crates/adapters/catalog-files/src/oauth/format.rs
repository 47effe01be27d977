//! The shape of `[oauth]`, as serde reads it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `[oauth]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OauthTable {
    pub(super) app: Option<String>,
    #[serde(default)]
    pub(super) app_is_of_one_instance: bool,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) authorize_url: Option<String>,
    #[serde(default)]
    pub(super) authorize_parameters: BTreeMap<String, String>,
    pub(super) token_url: Option<String>,
    #[serde(default)]
    pub(super) token_parameters: BTreeMap<String, String>,
    pub(super) refresh_url: Option<String>,
    #[serde(default)]
    pub(super) refresh_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) refresh_sends_redirect_uri: bool,
    pub(super) revoke_url: Option<String>,
    pub(super) revocation: Option<toml::Table>,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    pub(super) scope_separator: Option<String>,
    pub(super) scope_parameter: Option<String>,
    pub(super) pkce: Option<bool>,
    pub(super) client_authentication: Option<String>,
    #[serde(default)]
    pub(super) request: RequestName,
    pub(super) issuer: Option<String>,
    #[serde(default)]
    pub(super) response: BTreeMap<ResponseName, String>,
    #[serde(default)]
    pub(super) response_fields: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) callback_fields: BTreeMap<String, String>,
    pub(super) account_url: Option<String>,
    pub(super) account: Option<OneOrMore>,
    pub(super) account_name: Option<OneOrMore>,
    pub(super) assumed_lifetime_s: Option<u64>,
    #[serde(default)]
    pub(super) errors: Vec<ErrorTable>,
    #[serde(default)]
    pub(super) dead_errors: Vec<String>,
    #[serde(default)]
    pub(super) doubtful_errors: Vec<String>,
    #[serde(default)]
    pub(super) app_errors: Vec<String>,
    pub(super) client_credentials: Option<toml::Table>,
}

/// The keys that a provider without a flow may have.
pub(super) const WITHOUT_FLOW: [&str; 8] = [
    "app",
    "hosts",
    "assumed_lifetime_s",
    "errors",
    "dead_errors",
    "doubtful_errors",
    "app_errors",
    "client_credentials",
];

/// One of `errors`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorTable {
    pub(super) means: MeaningName,
    #[serde(default)]
    pub(super) status: Vec<u16>,
    #[serde(default)]
    pub(super) code: Vec<String>,
    #[serde(default)]
    pub(super) number: Vec<i64>,
    #[serde(default)]
    pub(super) text: Vec<String>,
}

/// What an error means.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MeaningName {
    Dead,
    Doubtful,
    Passing,
    Throttled,
    App,
}

/// `[oauth.client_credentials]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientCredentialsTable {
    pub(super) token_url: String,
    pub(super) client_authentication: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, OneOrMore>,
}

/// One text, or several of which the first that leads to a value is used: templates whose variables all have
/// a value, or pointers to something that is there.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    FirstOf(Vec<String>),
}

impl OneOrMore {
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::FirstOf(texts) => texts,
        }
    }
}

/// How a request to the token endpoint is encoded.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestName {
    #[default]
    Form,
    Json,
}

/// The members of a token answer (RFC 6749, section 5.1) whose place a provider file can change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResponseName {
    AccessToken,
    RefreshToken,
    ExpiresIn,
    RefreshTokenExpiresIn,
    Scope,
    TokenType,
}

impl ResponseName {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::ExpiresIn => "expires_in",
            Self::RefreshTokenExpiresIn => "refresh_token_expires_in",
            Self::Scope => "scope",
            Self::TokenType => "token_type",
        }
    }
}
