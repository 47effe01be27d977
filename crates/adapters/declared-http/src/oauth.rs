//! Requests to an authorization server, and where its answers say what: `[oauth]` of a provider file. Nothing
//! of it ever comes from a tenant.

use std::collections::BTreeMap;

use strongroom_domain::Rule;

use crate::steps::OriginTemplate;
use crate::template::{Choice, Template};

/// What is sent to a provider's authorization server and how its answers are read.
#[derive(Debug, Clone)]
pub struct OauthRequests {
    /// Where people are sent (RFC 6749, section 3.1). A provider without a flow sends nobody there: then this
    /// and `token` are the address of its client credentials grant.
    pub authorize: Endpoint,
    /// Parameters that are added there, beside those of the RFCs.
    pub authorize_parameters: Vec<(String, Template)>,
    /// Where codes and refresh tokens are exchanged (section 3.2).
    pub token: Endpoint,
    /// Parameters that are added when a code is exchanged.
    pub token_parameters: Vec<(String, Template)>,
    /// Where tokens are refreshed, when that is another place.
    pub refresh: Option<Endpoint>,
    /// Parameters that are added when a token is refreshed.
    pub refresh_parameters: Vec<(String, Template)>,
    /// Whether a refresh must name the redirect URI again.
    pub refresh_sends_redirect_uri: bool,
    /// Where tokens are revoked (RFC 7009).
    pub revoke: Option<Endpoint>,
    /// The scopes that are asked for unless a caller names others; each may be a template.
    pub scopes: Vec<Template>,
    /// What stands between scopes.
    pub scope_separator: String,
    /// The parameter that holds them, `scope` nearly everywhere; without one none are sent.
    pub scope_parameter: Option<String>,
    /// Whether the server takes PKCE with S256 (RFC 7636). `plain` is never sent.
    pub pkce: bool,
    /// How the app proves who it is at the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Whether the token endpoint takes JSON instead of a form, as a few do.
    pub json_request: bool,
    /// The `iss` that the server announces with its codes (RFC 9207). A code without it, or with another one,
    /// is refused then.
    pub issuer: Option<Template>,
    /// Where the answer's members stand, when not at the top: `access_token`, `refresh_token`, `expires_in`,
    /// `scope` and `token_type` as JSON pointers (RFC 6901).
    pub response_pointers: BTreeMap<String, String>,
    /// Fields of the credential that arrive with the token: name and JSON pointer into the answer.
    pub response_fields: BTreeMap<String, String>,
    /// How the account that granted is found out.
    pub account: Option<AccountLookup>,
    /// Error codes of the token endpoint that mean the grant is gone, beside `invalid_grant`.
    pub dead_errors: Vec<String>,
    /// Error codes that mean that the grant is gone only when they come twice in a row: the server says them
    /// by mistake at times.
    pub doubtful_errors: Vec<String>,
    /// Error codes that mean the app is not set up right, beside those of RFC 6749, section 5.2.
    pub app_errors: Vec<String>,
    /// The client credentials grant (section 4.4), where the provider has it.
    pub client_credentials: Option<ClientCredentialsRequest>,
    /// Values that follow from a field: those of the provider's test, which count here too.
    pub choices: BTreeMap<String, Choice>,
}

/// A place of an authorization server.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Scheme, host and port, and what the host may be.
    pub origin: OriginTemplate,
    /// The path from its first `/`.
    pub path: Template,
}

/// How an app proves who it is at the token endpoint (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Client id and secret, form-encoded, in the header `Authorization`.
    Basic,
    /// Client id and secret in the body.
    Body,
}

impl ClientAuthentication {
    /// Reads the spelling of provider files: `basic` or `body`.
    ///
    /// # Errors
    /// The rule, for every other text.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        match text {
            "basic" => Ok(Self::Basic),
            "body" => Ok(Self::Body),
            _ => Err(Rule::fixed("must be one of: basic, body")),
        }
    }
}

/// How the account that granted is found out.
#[derive(Debug, Clone)]
pub struct AccountLookup {
    /// What is asked with the token, by GET; without it the answer of the token endpoint says it.
    pub endpoint: Option<Endpoint>,
    /// Where the account's lasting id stands (RFC 6901).
    pub id: String,
    /// Where a name stands that a person recognises, such as an e-mail address.
    pub name: Option<String>,
}

/// The request of the client credentials grant.
#[derive(Debug, Clone)]
pub struct ClientCredentialsRequest {
    /// Where the token comes from.
    pub token: Endpoint,
    /// How client id and secret are sent.
    pub client_authentication: ClientAuthentication,
    /// What is asked for; none means that the parameter is left out.
    pub scope: Option<Template>,
    /// Parameters that are added, `grant_type` among them where it is another one than `client_credentials`.
    pub parameters: Vec<(String, Template)>,
}
