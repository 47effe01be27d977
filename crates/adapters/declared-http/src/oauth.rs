//! Requests to an authorization server, and how its answers are read: `[oauth]` of a provider file. None of
//! these declarations ever comes from a tenant.

use std::collections::BTreeMap;

use strongroom_domain::Rule;

use crate::revocation::Revocation;
use crate::steps::OriginTemplate;
use crate::template::{Choice, Template};

/// What is sent to a provider's authorization server and how its answers are read.
#[derive(Debug, Clone)]
pub struct OauthRequests {
    /// Where users are sent (RFC 6749, section 3.1). A provider without a flow sends no users there; then
    /// this and `token` are the address of its client credentials grant.
    pub authorize: Endpoint,
    /// Parameters that are added to the authorization request, beside those of the RFCs.
    pub authorize_parameters: Vec<(String, Template)>,
    /// Where codes and refresh tokens are exchanged (section 3.2).
    pub token: Endpoint,
    /// Parameters that are added when a code is exchanged.
    pub token_parameters: Vec<(String, Template)>,
    /// Where tokens are refreshed, when that is not `token`.
    pub refresh: Option<Endpoint>,
    /// Parameters that are added when a token is refreshed.
    pub refresh_parameters: Vec<(String, Template)>,
    /// Whether a refresh must name the redirect URI again.
    pub refresh_sends_redirect_uri: bool,
    /// Where and how tokens are revoked (RFC 7009).
    pub revoke: Option<Revocation>,
    /// The scopes that are asked for unless a caller names others; each may be a template.
    pub scopes: Vec<Template>,
    /// What stands between scopes.
    pub scope_separator: String,
    /// The parameter that holds the scopes, which is `scope` for nearly every provider. Without one no scopes
    /// are sent.
    pub scope_parameter: Option<String>,
    /// Whether the server takes PKCE with S256 (RFC 7636). `plain` is never sent.
    pub pkce: bool,
    /// How the app proves who it is at the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Whether the token endpoint takes JSON instead of a form, as a few do.
    pub json_request: bool,
    /// The `iss` that the server sends with its codes (RFC 9207). When it is given, a code without it or with
    /// another one is refused.
    pub issuer: Option<Template>,
    /// The places of members of the answer that are not at the top: `access_token`, `refresh_token`,
    /// `expires_in`, `scope` and `token_type`, as JSON pointers (RFC 6901).
    pub response_pointers: BTreeMap<String, String>,
    /// Fields of the credential that arrive with the token: name and JSON pointer into the answer.
    pub response_fields: BTreeMap<String, String>,
    /// How the service finds out which account granted.
    pub account: Option<AccountLookup>,
    /// What answers without a token mean; the first rule that fits decides.
    pub errors: Vec<ErrorRule>,
    /// The client credentials grant (section 4.4), where the provider has it.
    pub client_credentials: Option<ClientCredentialsRequest>,
    /// Values that follow from a field. They are declared with the provider's test and are used here too.
    pub choices: BTreeMap<String, Choice>,
}

/// An address of an authorization server.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Scheme, host and port, and which hosts are allowed.
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
    /// Reads the value of provider files: `basic` or `body`.
    ///
    /// # Errors
    /// Returns the rule that every other text breaks.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        match text {
            "basic" => Ok(Self::Basic),
            "body" => Ok(Self::Body),
            _ => Err(Rule::fixed("must be one of: basic, body")),
        }
    }
}

/// How the service finds out which account granted.
#[derive(Debug, Clone)]
pub struct AccountLookup {
    /// The address that is asked with the token, by GET. Without it the answer of the token endpoint names
    /// the account.
    pub endpoint: Option<Endpoint>,
    /// Where the lasting id of the account is in the answer (RFC 6901). Of several places, the first that has
    /// one counts: an answer may be about a workspace or about a whole organization.
    pub id: Vec<String>,
    /// Where the answer has a name that a person recognises, such as an e-mail address, in the same way.
    pub name: Vec<String>,
}

/// The request of the client credentials grant.
#[derive(Debug, Clone)]
pub struct ClientCredentialsRequest {
    /// Where the token comes from.
    pub token: Endpoint,
    /// How client id and secret are sent.
    pub client_authentication: ClientAuthentication,
    /// The scope that is asked for; without one the parameter is left out.
    pub scope: Option<Template>,
    /// Parameters that are added. They include `grant_type` when it is not `client_credentials`.
    pub parameters: Vec<(String, Template)>,
}

/// What an answer without a token means, when it fits. Every condition that is given must hold; a list holds
/// when one of its items does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRule {
    /// The meaning.
    pub meaning: ErrorMeaning,
    /// Statuses.
    pub status: Vec<u16>,
    /// Error codes, letter for letter, at any of the places where servers put them.
    pub code: Vec<String>,
    /// Error numbers, in the list `error_codes` or wherever codes stand.
    pub number: Vec<i64>,
    /// Texts of which the body must contain one, whatever the case of its letters. They are in lower case.
    pub text: Vec<String>,
}

/// What an answer without a token can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorMeaning {
    /// The grant, or the code, is gone beyond doubt.
    Dead,
    /// The grant is gone if the server says so twice.
    Doubtful,
    /// The server asks that the request is made again. The grant lives.
    Passing,
    /// The server asks for fewer requests. The grant lives.
    Throttled,
    /// The app is not set up correctly. The grant lives.
    App,
}
