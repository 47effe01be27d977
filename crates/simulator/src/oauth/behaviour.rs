use std::collections::BTreeMap;
use std::time::Duration;

use crate::wire::Reply;

/// How the authorization servers behave. Can be changed while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthBehaviour {
    /// Whether a refresh replaces the refresh token. Otherwise its answer has none, and the old one lives on.
    pub rotate: bool,
    /// Whether a refresh token that was replaced, and comes again, ends the whole grant (RFC 9700, section
    /// 4.14.2).
    pub reuse_revokes_family: bool,
    /// How long a refresh token that was replaced is taken once more, and gets the same answer.
    pub grace: Option<Duration>,
    /// How long access tokens live, in seconds; without it they do not end, and the answers have no
    /// `expires_in`.
    pub lifetime_s: Option<u64>,
    /// What goes wrong with every answer but that of the authorization endpoint.
    pub fault: Option<OauthFault>,
    /// How long the same answers are held back, after the request was served.
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

/// What goes wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthFault {
    /// 503; the request is not served.
    Unavailable503,
    /// 429 with `Retry-After`; the request is not served.
    TooManyRequests {
        /// In seconds.
        retry_after: u64,
    },
    /// 200 with a page; the request is not served.
    Html200,
    /// The request is served, and the answer ends in the middle of its JSON.
    TruncatedJson,
    /// The request is served, and the answer never comes.
    HangUpAfterReading,
}

impl OauthFault {
    /// What is answered instead of serving the request.
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::TooManyRequests { retry_after } => Reply::new(429, "text/plain", "Too Many Requests")
                .with("Retry-After", retry_after.to_string()),
            Self::Html200 => Reply::new(200, "text/html", "<!doctype html><title>Maintenance</title>"),
            _ => Reply::new(503, "text/plain", "Service Unavailable"),
        }
    }
}

/// The requests to authorization servers so far, good ones and bad ones, and what became of the tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OauthCounts {
    /// Requests to authorization endpoints.
    pub authorizations: u64,
    /// Requests to token endpoints by `grant_type`, under `other` when it is none that the file has.
    pub token_requests: BTreeMap<String, u64>,
    /// Requests to account endpoints.
    pub account_lookups: u64,
    /// Requests to revocation endpoints.
    pub revocations: u64,
    /// Access and refresh tokens that were revoked while they lived: by a request, because a code or a
    /// refresh token came again, or by [`crate::Simulator::revoke_grants`].
    pub revoked_tokens: u64,
    /// Refresh tokens that came again after they were replaced, without a grace period.
    pub reuses: u64,
}

impl OauthCounts {
    /// Token requests of a grant type.
    pub fn token_requests_of(&self, grant_type: &str) -> u64 {
        self.token_requests.get(grant_type).copied().unwrap_or_default()
    }
}
