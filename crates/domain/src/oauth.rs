//! OAuth 2.0 grants (RFC 6749): what a provider file says of its authorization server, the flows that are
//! under way, the OAuth apps, how an answer of a token endpoint becomes a credential, and when a token is
//! refreshed.

mod app;
mod callback;
mod flow;
mod granting;
mod redirect;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use app::{OauthApp, OauthAppId};
pub use callback::{CallbackProblem, is_error_code};
pub use flow::{AuthorizationFlow, Completion, Connects, Digest, FlowId, Initiator, pkce_challenge, sha256};
pub use granting::{Account, Granted, TokenResponse};
pub use redirect::{RedirectAllowList, RedirectTarget};
pub use schedule::{DOUBT, LEASE, Validity, refresh_at};

use crate::credential_status::CredentialStatus;
use crate::credential_type::CredentialType;
use crate::spelled::spelled;

/// The field of an OAuth payload that holds the access token.
pub const ACCESS_TOKEN: &str = "access_token";
/// The field of a credential that holds the end of an OAuth access token.
pub const TOKEN_EXPIRY: &str = "expires_at";
/// The field of an OAuth payload that holds the refresh token.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// The part of `[oauth]` in a provider file that the vault needs for its decisions. The requests are not in
/// it: the adapter knows them. Nothing of it ever comes from a tenant.
#[derive(Debug, Clone)]
pub struct OauthServer {
    /// The name under which settings and organisations keep the app's client id and secret. Providers of one
    /// vendor may share an app.
    pub app: String,
    /// Whether an app is made in one instance of the provider, such as a tenant of Okta, and is worth nothing
    /// in others. The operator's app is then used only at the instances that the operator names.
    pub app_is_of_one_instance: bool,
    /// The type of the credentials that a flow makes; `ClientCredentials` where the provider has no flow.
    pub credential_type: CredentialType,
    /// The scopes that are requested unless a caller names others. Scopes that depend on a field are not
    /// among them.
    pub fixed_scopes: Vec<String>,
    /// Fields of the credential that arrive with the token.
    pub response_fields: BTreeSet<String>,
    /// Fields of the credential that arrive with the code: the name of the field, and the parameter of the
    /// callback.
    pub callback_fields: BTreeMap<String, String>,
    /// Public fields that a caller gives when a flow begins, because an endpoint, a scope or a parameter
    /// needs them.
    pub inputs: Vec<String>,
    /// Where the vault learns which account granted, if the provider tells it at all.
    pub account: Option<AccountSource>,
    /// How long a token is taken to live when the answer does not say.
    pub assumed_lifetime: Option<Duration>,
    /// The client credentials grant (RFC 6749, section 4.4), where the provider has it.
    pub client_credentials: Option<ClientCredentialsGrant>,
    /// Whether the provider revokes a grant by its access token only, and not by its refresh token.
    pub revokes_access_token: bool,
}

/// Where the vault learns which account granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountSource {
    /// The answer of the token endpoint.
    TokenAnswer,
    /// A separate request, made with the token.
    Request,
}

/// The client credentials grant of a provider.
#[derive(Debug, Clone)]
pub struct ClientCredentialsGrant {
    /// The field of the credential that holds the client id.
    pub client_id_field: String,
    /// The field of the credential that holds the client secret.
    pub client_secret_field: String,
}

spelled! {
    /// Why a credential does not refresh, or has to be authorised again.
    RefreshProblem, "must be a reason of a refresh":
    /// The server says that the grant is gone: revoked, expired, or replaced.
    GrantRefused => "grant_refused",
    /// An earlier attempt ended without an answer that was stored, and the server no longer knows the refresh
    /// token: it has most likely replaced it.
    AnswerLost => "answer_lost",
    /// The token has ended and there is no refresh token.
    NoRefreshToken => "no_refresh_token",
    /// The server refuses client id or secret of the OAuth app.
    AppRefused => "app_refused",
    /// The client id and secret of the OAuth app are not set.
    AppMissing => "app_missing",
    /// The server cannot be reached, fails, or answers with something that is no token.
    ProviderUnavailable => "provider_unavailable",
    /// The server asks for fewer requests.
    Throttled => "throttled",
    /// The server has said once that the grant is gone. It is asked again before that is believed.
    GrantDoubted => "grant_doubted",
    /// The server refuses the request with an error whose meaning is not known.
    RequestRefused => "request_refused",
    /// The request cannot be sent: a field does not fit, the name of the host has no address, or the egress
    /// policy refuses it.
    NotSent => "not_sent",
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
            Self::AppRefused => {
                "Check client id and secret of the OAuth app, its redirect URI and its scopes; the grant is kept."
            }
            Self::AppMissing => "Set client id and secret of the OAuth app; the grant is kept.",
            Self::ProviderUnavailable => {
                "Wait: the provider does not answer, and the refresh is tried again."
            }
            Self::Throttled => "Wait: the provider asks for fewer requests, and the refresh is tried again.",
            Self::GrantDoubted => {
                "Wait: the provider has refused the grant once, and is asked again before that is believed."
            }
            Self::RequestRefused => {
                "Look up what the provider answered, which is in the audit trail: its meaning is not known here. \
                 The grant is kept, and the refresh is tried again."
            }
            Self::NotSent => {
                "Check the fields that name the provider's host, and the egress policy: nothing could be sent. \
                 The grant is kept."
            }
            Self::ClientRefused => "Store a new client id and secret: the provider refuses these.",
        }
    }

    /// Whether the credential needs a person before it can be refreshed again.
    pub const fn needs_reauthorization(self) -> bool {
        matches!(self, Self::GrantRefused | Self::AnswerLost | Self::NoRefreshToken)
    }

    /// Whether the refresh is tried again without anybody's help.
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Self::ProviderUnavailable | Self::Throttled | Self::GrantDoubted | Self::RequestRefused
        )
    }

    /// The status that follows from the problem, if any. With it, the background refresh leaves the
    /// credential alone.
    pub const fn status(self) -> Option<CredentialStatus> {
        match self {
            Self::GrantRefused | Self::AnswerLost | Self::NoRefreshToken => {
                Some(CredentialStatus::NeedsReauth)
            }
            // The provider refused the stored secret, as a connection test would find. The credential can
            // still be read.
            Self::ClientRefused => Some(CredentialStatus::Rejected),
            Self::AppRefused
            | Self::AppMissing
            | Self::ProviderUnavailable
            | Self::Throttled
            | Self::GrantDoubted
            | Self::RequestRefused
            | Self::NotSent => None,
        }
    }
}
