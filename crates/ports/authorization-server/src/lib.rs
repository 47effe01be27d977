//! The port to authorization servers: where people are sent, and what is exchanged for what.
//!
//! # To add an adapter
//! 1. Implement [`AuthorizationServer`] in an adapter crate. Open every socket through `adapters/egress`.
//! 2. Take endpoints, parameters and the shapes of answers from the provider file and from nowhere else.
//! 3. Sort every answer into one of the kinds of [`TokenError`]: whether a grant lives or dies depends on it.
//! 4. Put nothing into an error that the server said, but its error code when that is in the provider file or
//!    an RFC.
//! 5. Name the adapter in `crates/strongroom`, the only place that does.
//!
//! The feature `mocks` adds mockall mocks for the test suites of users of this port.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{Account, Content, CredentialType, Provider, SecretText, TokenResponse, Violation};
use tokio::time::Instant;

/// The longest that one call takes, connecting and TLS included. Longer than a slow server needs, shorter
/// than the lease of a refresh, so that an answer is stored by whoever asked for it. An adapter may read what
/// has arrived by then for one second more.
pub const CALL_LIMIT: Duration = Duration::from_secs(20);

/// Client id and secret of an OAuth app.
#[derive(Debug)]
pub struct Client {
    /// The client id.
    pub id: String,
    /// The client secret; a public client has none.
    pub secret: Option<SecretText>,
}

/// A provider that is asked, and for which credential.
#[derive(Debug)]
pub struct Subject {
    /// The provider, which has an authorization server.
    pub provider: Arc<Provider>,
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// Its fields, of which the provider file may need some in endpoints and parameters; for a flow, what the
    /// caller gave. Never holds an endpoint.
    pub content: Content,
}

/// What a person is asked for.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// The client id.
    pub client_id: &'a str,
    /// Where the code comes back.
    pub redirect_uri: &'a str,
    /// The scopes that a caller asks for; the provider file's when absent.
    pub scope: Option<&'a str>,
    /// 256 random bits.
    pub state: &'a str,
    /// The challenge of the flow's verifier (RFC 7636, S256).
    pub code_challenge: &'a str,
}

/// Where a person is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationUrl {
    /// The URL.
    pub url: String,
    /// The scope in it, as it is written there.
    pub scope: String,
}

/// What is exchanged for a token.
#[derive(Debug)]
pub enum Grant {
    /// A code (RFC 6749, section 4.1.3).
    Code {
        /// The code.
        code: SecretText,
        /// The verifier of its challenge (RFC 7636, section 4.5).
        verifier: SecretText,
        /// The redirect URI that the person was sent with.
        redirect_uri: String,
    },
    /// A refresh token (section 6).
    Refresh {
        /// The refresh token.
        refresh_token: SecretText,
        /// The redirect URI of the first grant, for servers that want it again.
        redirect_uri: String,
        /// Nothing is sent after this: by then somebody else may have the lease under which it is asked.
        send_before: Instant,
    },
    /// The client itself (section 4.4).
    ClientCredentials,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The server says that the grant, or the code, is gone.
    #[error("the server refuses the grant ({code})")]
    Dead {
        /// Its error code.
        code: Cow<'static, str>,
        /// Whether it is said once and for all; else only a second time in a row makes it true.
        is_certain: bool,
    },
    /// The server refuses the app: its id, its secret, or what it may ask for.
    #[error("the server refuses the app ({code})")]
    App {
        /// Its error code.
        code: Cow<'static, str>,
    },
    /// The request cannot be built: a field that an endpoint needs is missing or does not fit.
    #[error("the request cannot be built: {0}")]
    Unbuildable(Violation),
    /// Nobody knows: the server is away, overloaded, or answers with something that is no token. The grant
    /// lives.
    #[error("the server did not answer with a token: {cause}")]
    Transient {
        /// When the server asks to be asked again.
        retry_after: Option<Duration>,
        /// Whether the request may have reached the server: then its answer, and perhaps a new refresh token,
        /// is lost.
        may_have_been_served: bool,
        /// Whether others would fare no better at this server now: it is away or overloaded, and has not
        /// refused this request in particular.
        is_outage: bool,
        /// Why; for the log and the audit trail. MUST hold neither a secret nor what the server sent.
        cause: Cow<'static, str>,
    },
}

/// Speaks with authorization servers.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuthorizationServer: Send + Sync {
    /// Builds the URL that a person is sent to. Sends nothing.
    ///
    /// # Errors
    /// A field that the endpoint needs and that is missing or does not fit.
    fn authorization_url<'a>(
        &self,
        subject: &Subject,
        request: &AuthorizationRequest<'a>,
    ) -> Result<AuthorizationUrl, Violation>;

    /// The `iss` that the server announces with its codes, when it does (RFC 9207).
    ///
    /// # Errors
    /// As for [`Self::authorization_url`].
    fn issuer(&self, subject: &Subject) -> Result<Option<String>, Violation>;

    /// Exchanges a grant for a token: exactly one request, never repeated, within [`CALL_LIMIT`].
    ///
    /// MUST NOT send a refresh after its `send_before`. MUST send the client secret in the header or the
    /// body, as the provider file says, and never in a URL. MUST follow no redirect. MUST read at most 64
    /// KiB, as JSON without repeated members.
    async fn token(
        &self,
        subject: &Subject,
        client: &Client,
        grant: Grant,
    ) -> Result<TokenResponse, TokenError>;

    /// Finds out whose account a token is for, where the provider file says how; within [`CALL_LIMIT`].
    /// `None` when it does not say, or the answer does not name the account.
    ///
    /// # Errors
    /// [`TokenError::Transient`] when nobody answered.
    async fn account(
        &self,
        subject: &Subject,
        access_token: &SecretText,
    ) -> Result<Option<Account>, TokenError>;

    /// Revokes a token (RFC 7009); `Ok(false)` when the provider has no way.
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
