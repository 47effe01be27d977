//! OAuth 2.0 grants (RFC 6749): what a provider file says of its authorization server, flows that are under way,
//! the apps that ask, what an answer of a token endpoint becomes, and when a token is refreshed.

mod app;
mod callback;
mod flow;
mod granting;
mod redirect;
mod schedule;

use std::collections::BTreeMap;
use std::time::Duration;

pub use app::{OauthApp, OauthAppId};
pub use callback::CallbackProblem;
pub use flow::{AuthorizationFlow, Completion, Connects, Digest, FlowId, Initiator, pkce_challenge, sha256};
pub use granting::{Account, Granted, TokenResponse};
pub use redirect::{RedirectAllowList, RedirectTarget};
pub use schedule::{LEASE, Validity, refresh_at};

use crate::credential::CredentialStatus;
use crate::http_test::{OriginTemplate, Template};
use crate::provider::CredentialType;
use crate::spelled::spelled;

/// The field of an OAuth payload that holds the access token.
pub const ACCESS_TOKEN: &str = "access_token";
/// The field that holds the refresh token.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// How a provider's authorization server is reached and what it answers: `[oauth]` of its file. Nothing of it
/// ever comes from a tenant.
#[derive(Debug, Clone)]
pub struct OauthServer {
    /// The name under which settings and organisations keep the app's client id and secret. Providers of one
    /// vendor may share an app.
    pub app: String,
    /// The type of the credentials that a flow makes; `ClientCredentials` where the provider has no flow. Then
    /// `authorize` and `token` are the address of that grant, and nobody is sent there.
    pub credential_type: CredentialType,
    /// Where people are sent (RFC 6749, section 3.1).
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
    /// The `iss` that the server announces with its codes (RFC 9207). A code without it, or with another one, is
    /// refused then.
    pub issuer: Option<Template>,
    /// Where the answer's members stand, when not at the top: `access_token`, `refresh_token`, `expires_in`, `scope`
    /// and `token_type` as JSON pointers (RFC 6901).
    pub response_pointers: BTreeMap<String, String>,
    /// Fields of the credential that arrive with the token: name and JSON pointer into the answer.
    pub response_fields: BTreeMap<String, String>,
    /// Fields of the credential that arrive with the code: name and query parameter.
    pub callback_fields: BTreeMap<String, String>,
    /// Public fields that a caller gives when a flow begins, because an endpoint, a scope or a parameter needs them.
    pub inputs: Vec<String>,
    /// How the account that granted is found out.
    pub account: Option<AccountLookup>,
    /// How long a token is taken to live when the answer does not say.
    pub assumed_lifetime: Option<Duration>,
    /// Error codes of the token endpoint that mean the grant is gone, beside `invalid_grant`.
    pub dead_errors: Vec<String>,
    /// Error codes that mean the same only when they come twice in a row: the server says them by mistake at times.
    pub doubtful_errors: Vec<String>,
    /// Error codes that mean the app is not set up right, beside those of RFC 6749, section 5.2.
    pub app_errors: Vec<String>,
    /// The client credentials grant (section 4.4), where the provider has it.
    pub client_credentials: Option<ClientCredentialsGrant>,
}

/// A place of an authorization server.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Scheme, host and port, and what the host may be.
    pub origin: OriginTemplate,
    /// The path from its first `/`.
    pub path: Template,
}

spelled! {
    /// How an app proves who it is at the token endpoint (RFC 6749, section 2.3.1).
    ClientAuthentication, "must be one of: basic, body":
    /// Client id and secret, form-encoded, in the header `Authorization`.
    Basic => "basic",
    /// Client id and secret in the body.
    Body => "body",
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

/// The client credentials grant of a provider.
#[derive(Debug, Clone)]
pub struct ClientCredentialsGrant {
    /// Where the token comes from.
    pub token: Endpoint,
    /// How client id and secret are sent.
    pub client_authentication: ClientAuthentication,
    /// The fields of the credential that hold them.
    pub client_id_field: String,
    /// The same for the secret.
    pub client_secret_field: String,
    /// What is asked for; none means that the parameter is left out.
    pub scope: Option<Template>,
    /// Parameters that are added, `grant_type` among them where it is another one than `client_credentials`.
    pub parameters: Vec<(String, Template)>,
}

spelled! {
    /// Why a credential does not refresh, or has to be authorised again.
    RefreshProblem, "must be a reason of a refresh":
    /// The server says that the grant is gone: revoked, expired, or replaced.
    GrantRefused => "grant_refused",
    /// An earlier attempt ended without an answer that was stored, and the server no longer knows the refresh token:
    /// it has most likely replaced it.
    AnswerLost => "answer_lost",
    /// The token has ended and there is no refresh token.
    NoRefreshToken => "no_refresh_token",
    /// The server refuses client id or secret of the OAuth app.
    AppRefused => "app_refused",
    /// Client id and secret of the OAuth app are not set.
    AppMissing => "app_missing",
    /// The server is away, overloaded, or answers with something that is no token.
    ProviderUnavailable => "provider_unavailable",
    /// The server refuses the client credentials that are stored.
    ClientRefused => "client_refused",
}

impl RefreshProblem {
    /// What a person can do about it.
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::GrantRefused => "Authorise the credential again: the provider has ended the grant.",
            Self::AnswerLost => {
                "Authorise the credential again: an earlier refresh was interrupted and its answer was lost."
            }
            Self::NoRefreshToken => {
                "Authorise the credential again: its token has ended and there is none to refresh it."
            }
            Self::AppRefused => "Check client id and secret of the OAuth app; the grant is kept.",
            Self::AppMissing => "Set client id and secret of the OAuth app; the grant is kept.",
            Self::ProviderUnavailable => {
                "Wait: the provider does not answer, and the refresh is tried again."
            }
            Self::ClientRefused => "Store a new client id and secret: the provider refuses these.",
        }
    }

    /// Whether the credential needs a person before it can be refreshed again.
    pub const fn needs_reauthorization(self) -> bool {
        matches!(self, Self::GrantRefused | Self::AnswerLost | Self::NoRefreshToken)
    }

    /// The status that follows from it, if any. Then the background leaves the credential alone.
    pub const fn status(self) -> Option<CredentialStatus> {
        match self {
            Self::GrantRefused | Self::AnswerLost | Self::NoRefreshToken => {
                Some(CredentialStatus::NeedsReauth)
            }
            // What was refused is what is stored, as a test would find; it can still be handed out.
            Self::ClientRefused => Some(CredentialStatus::Rejected),
            Self::AppRefused | Self::AppMissing | Self::ProviderUnavailable => None,
        }
    }
}
