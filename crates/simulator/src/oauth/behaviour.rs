use std::collections::BTreeMap;
use std::time::Duration;

use crate::wire::Reply;

/// How the authorization servers behave. It can be changed while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthBehaviour {
    /// Whether a refresh replaces the refresh token. Otherwise the answer holds no refresh token, and the old
    /// one stays valid.
    pub rotate: bool,
    /// Whether the whole grant ends when a refresh token that was replaced is presented again (RFC 9700,
    /// section 4.14.2).
    pub reuse_revokes_family: bool,
    /// How long a refresh token that was replaced is accepted once more, with the same answer.
    pub grace: Option<Duration>,
    /// How long access tokens live, in seconds. With `None` they do not end, and the answers have no
    /// `expires_in`.
    pub lifetime_s: Option<u64>,
    /// The fault of every answer, except those of the authorization endpoint.
    pub fault: Option<OauthFault>,
    /// How long every answer is held back after the request was handled, except those of the authorization
    /// endpoint.
    pub delay: Duration,
}

impl Default for OauthBehaviour {
    /// Refresh tokens stay, access tokens live for an hour, and nothing goes wrong.
    fn default() -> Self {
        Self {
            rotate: false,
            reuse_revokes_family: true,
            grace: None,
            lifetime_s: Some(3_600),
            fault: None,
            delay: Duration::ZERO,
        }
    }
}

/// The ways to spoil an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthFault {
    /// 503; the request is not served.
    Unavailable503,
    /// 429 with `Retry-After`; the request is not served.
    TooManyRequests {
        /// How long the client should wait, in seconds.
        retry_after: u64,
    },
    /// 200 with an HTML page; the request is not served.
    Html200,
    /// The request is served, and the answer ends in the middle of its JSON.
    TruncatedJson,
    /// The request is served, and the answer never comes.
    HangUpAfterReading,
}

impl OauthFault {
    /// The answer that is sent when the request is not served.
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::TooManyRequests { retry_after } => Reply::new(429, "text/plain", "Too Many Requests")
                .with("Retry-After", retry_after.to_string()),
            Self::Html200 => Reply::new(200, "text/html", "<!doctype html><title>Maintenance</title>"),
            _ => Reply::new(503, "text/plain", "Service Unavailable"),
        }
    }
}

/// The requests to authorization servers so far, valid or not, and the number of tokens that were revoked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OauthCounts {
    /// Requests to authorization endpoints.
    pub authorizations: u64,
    /// Requests to token endpoints by `grant_type`; those with a type that the file does not have are under
    /// `other`.
    pub token_requests: BTreeMap<String, u64>,
    /// Requests to account endpoints.
    pub account_lookups: u64,
    /// Requests to revocation endpoints.
    pub revocations: u64,
    /// Access and refresh tokens that were revoked before their end: by a request, because a code or a
    /// refresh token was presented again, or by [`crate::Simulator::revoke_grants`].
    pub revoked_tokens: u64,
    /// Refresh tokens that were refused because they were presented again after they were replaced.
    pub reuses: u64,
}

impl OauthCounts {
    /// The number of token requests of a grant type.
    pub fn token_requests_of(&self, grant_type: &str) -> u64 {
        self.token_requests.get(grant_type).copied().unwrap_or_default()
    }
}
