//! The port to authorization servers: it builds the URL to which a person is sent, and exchanges grants for
//! tokens.
//!
//! # To add an adapter
//! 1. Implement [`AuthorizationServer`] in an adapter crate. Open every socket through `adapters/egress`.
//! 2. Take endpoints, parameters and the shapes of answers from the provider file and from nowhere else.
//! 3. Sort every answer into one of the kinds of [`TokenError`]: whether a grant is kept or given up depends
//!    on it.
//! 4. Put no text of the server into an error, except its error code when that is a short word in which no
//!    secret of the request can be recognised.
//! 5. Name the adapter in `crates/strongroom`, the only place that does.
//!
//! The feature `mocks` adds mockall mocks for the test suites of users of this port.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{Account, Content, CredentialType, Provider, SecretText, TokenResponse, Violation};
use tokio::time::Instant;

/// The longest that one call takes, connecting and TLS included. It is longer than a slow server needs, and
/// shorter than the lease of a refresh, so that the instance that asked still holds the lease when it stores
/// the answer. An adapter may go on for one second more to read what has arrived by then.
pub const CALL_LIMIT: Duration = Duration::from_secs(20);

/// The client id and secret of an OAuth app.
#[derive(Debug)]
pub struct Client {
    /// The client id.
    pub id: String,
    /// The client secret; a public client has none.
    pub secret: Option<SecretText>,
}

/// The provider that a call is for, and the credential.
#[derive(Debug)]
pub struct Subject {
    /// The provider, which has an authorization server.
    pub provider: Arc<Provider>,
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// The credential's fields: the provider file may need some of them in endpoints and parameters. For a
    /// flow they are the fields that the caller gave. They never hold an endpoint.
    pub content: Content,
}

/// The authorization request that a person is sent with.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// The client id.
    pub client_id: &'a str,
    /// Where the code comes back.
    pub redirect_uri: &'a str,
    /// The scopes that a caller asks for; when absent, those of the provider file.
    pub scope: Option<&'a str>,
    /// 256 random bits.
    pub state: &'a str,
    /// The challenge of the flow's verifier (RFC 7636, S256).
    pub code_challenge: &'a str,
}

/// The URL to which a person is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationUrl {
    /// The URL.
    pub url: String,
    /// The scope in the URL, as it is written there.
    pub scope: String,
}

/// A grant that is exchanged for a token.
#[derive(Debug)]
pub enum Grant {
    /// A code (RFC 6749, section 4.1.3).
    Code {
        /// The code.
        code: SecretText,
        /// The verifier of its challenge (RFC 7636, section 4.5).
        verifier: SecretText,
        /// The redirect URI of the authorization request.
        redirect_uri: String,
    },
    /// A refresh token (RFC 6749, section 6).
    Refresh {
        /// The refresh token.
        refresh_token: SecretText,
        /// The redirect URI of the first grant, for servers that require it again.
        redirect_uri: String,
        /// Nothing is sent after this time: by then another instance may hold the lease of this refresh.
        send_before: Instant,
    },
    /// The client itself (RFC 6749, section 4.4).
    ClientCredentials,
}

/// What a server has answered instead of a token, for the log and the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The status of the answer, such as 400.
    pub status: u16,
    /// The server's error code: at most 64 characters of `A-Za-z0-9_.-`, in which no secret of the request
    /// can be recognised. Absent when the answer has none.
    pub code: Option<Cow<'static, str>>,
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} {code}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

/// What a failed call says about the server that it was meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing: it was too late to send the request, or its destination could not be counted.
    None,
    /// Nothing: the egress policy refuses the destination.
    Forbidden,
    /// Nothing: the name of the destination has no address.
    Unresolved,
    /// The server answers, and asks that this request is made again.
    Passing,
    /// The server answers, and refuses this request with an error whose meaning is not known.
    Unknown,
    /// The server asks for fewer requests.
    Throttled,
    /// The server cannot be reached, or fails. Other requests may fail too.
    Server,
}

/// Counts where a secret is tried whose worth is not known yet.
#[async_trait]
pub trait Tries: Send + Sync {
    /// Takes one try of a destination from its budget. It is called like the budget of connection tests: with
    /// the destination as it was asked for (`login.example.com:443`), before anything else is done, and then
    /// with each address (`203.0.113.7:443`), right before a connection to it is opened.
    ///
    /// # Errors
    /// [`TokenError::Limited`] when the budget is used up, and [`TokenError::Transient`] when it cannot be
    /// counted. Then no connection may be opened.
    async fn take(&self, destination: &str) -> Result<(), TokenError>;
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The server says that the grant, or the code, is no longer valid.
    #[error("the server refuses the grant ({answer})")]
    Dead {
        /// What the server has answered.
        answer: ErrorAnswer,
        /// Whether one such answer is enough. Otherwise the grant counts as dead only when the server has
        /// said so twice, some seconds apart.
        is_certain: bool,
    },
    /// The server refuses the app: its id, its secret, or the scopes or grants that it may ask for.
    #[error("the server refuses the app ({answer})")]
    App {
        /// What the server has answered.
        answer: ErrorAnswer,
    },
    /// The budget of the destination is used up. Nothing was sent.
    #[error("the budget of the destination is used up")]
    Limited {
        /// How long until the next try is free.
        retry_after: Duration,
    },
    /// The request cannot be built: a field that an endpoint needs is missing or does not fit.
    #[error("the request cannot be built: {0}")]
    Unbuildable(Violation),
    /// The state of the grant is unknown: the server cannot be reached, is overloaded, or answers with
    /// something that is no token. The grant is kept.
    #[error("the server did not answer with a token: {cause}{}", in_brackets(answer.as_ref()))]
    Transient {
        /// How long to wait before the next request, when the server says so.
        retry_after: Option<Duration>,
        /// Whether the request may have reached the server. Then its answer, and perhaps a new refresh token,
        /// is lost.
        may_have_been_served: bool,
        /// What the failure says about the server.
        trouble: Trouble,
        /// What the server has answered, if it has.
        answer: Option<ErrorAnswer>,
        /// The reason, for the log and the audit trail. MUST hold neither a secret nor text that the server
        /// sent.
        cause: Cow<'static, str>,
    },
}

impl TokenError {
    /// What the server has answered, if it has.
    pub fn answer(&self) -> Option<&ErrorAnswer> {
        match self {
            Self::Dead { answer, .. } | Self::App { answer } => Some(answer),
            Self::Transient { answer, .. } => answer.as_ref(),
            Self::Limited { .. } | Self::Unbuildable(_) => None,
        }
    }
}

fn in_brackets(answer: Option<&ErrorAnswer>) -> String {
    answer.map(|answer| format!(" ({answer})")).unwrap_or_default()
}

/// The calls to authorization servers.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuthorizationServer: Send + Sync {
    /// Builds the URL to which a person is sent. Sends nothing.
    ///
    /// # Errors
    /// A field that the endpoint needs and that is missing or does not fit.
    fn authorization_url<'a>(
        &self,
        subject: &Subject,
        request: &AuthorizationRequest<'a>,
    ) -> Result<AuthorizationUrl, Violation>;

    /// The `iss` that the server announces with its codes, if it announces one (RFC 9207).
    ///
    /// # Errors
    /// A field that the issuer needs and that is missing or does not fit.
    fn issuer(&self, subject: &Subject) -> Result<Option<String>, Violation>;

    /// The origin (scheme, host and port) to which the token request for a credential of this subject goes.
    /// Only public fields decide it. Sends nothing.
    ///
    /// # Errors
    /// A field that the endpoint needs and that is missing or does not fit.
    fn token_origin(&self, subject: &Subject) -> Result<String, Violation>;

    /// Exchanges a grant for a token: exactly one request, never repeated, within [`CALL_LIMIT`]. The
    /// destination is counted by `tries` when it is given.
    ///
    /// MUST NOT send a refresh after its `send_before`. MUST send the client secret in the header or the
    /// body, as the provider file says, and never in a URL. MUST follow no redirect. MUST read at most 64
    /// KiB, as JSON without repeated members.
    async fn token(
        &self,
        subject: &Subject,
        client: &Client,
        grant: Grant,
        tries: Option<Arc<dyn Tries>>,
    ) -> Result<TokenResponse, TokenError>;

    /// Finds out which account a token is for, where the provider file says how; within [`CALL_LIMIT`].
    /// Returns `None` when the file does not say how, or the answer does not name the account.
    ///
    /// # Errors
    /// [`TokenError::Transient`] when the server did not answer.
    async fn account(
        &self,
        subject: &Subject,
        access_token: &SecretText,
    ) -> Result<Option<Account>, TokenError>;

    /// Revokes a token (RFC 7009, or the provider's own way): the refresh token, else the access token, or
    /// only the access token where the provider says so. Returns `Ok(false)` when the provider has no way to
    /// revoke it.
    ///
    /// # Errors
    /// [`TokenError`] when the server refused, or did not answer.
    async fn revoke(
        &self,
        subject: &Subject,
        client: &Client,
        token: &SecretText,
    ) -> Result<bool, TokenError>;
}
