//! What every surface tells about a refusal: its status, a sentence for a person, and its headers. A surface
//! words a refusal itself only where its clients know another sentence.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::CredentialStatus;

use crate::refusal::Refusal;
use crate::reply::{with_allowance, with_challenge, with_retry_after};

/// When to ask again after a provider did not answer a test.
const RETRY_PROVIDER: Duration = Duration::from_secs(30);

impl Refusal {
    /// The status. It is the same in every dialect, but for a wrong shape: that is 422 in the primary
    /// dialect.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Misshapen(_) => 400,
            Self::Transport(transport) => transport.status(),
            Self::Failure(failure) => match failure {
                Failure::Invalid(_) | Failure::Argument(_) => 400,
                Failure::Unauthenticated { .. } => 401,
                Failure::Forbidden { .. } => 403,
                Failure::NotFound(_) => 404,
                Failure::Conflict(Conflict::StaleRevision | Conflict::WeakTag | Conflict::ForeignTag) => 412,
                Failure::Conflict(_) => 409,
                Failure::Rejected(_) | Failure::Unusable(_) => 422,
                Failure::Limited { .. } => 429,
                Failure::Internal => 500,
                Failure::Upstream(_) | Failure::ProviderAway { .. } => 502,
                Failure::Unavailable { .. } => 503,
            },
        }
    }

    /// A sentence for a person; it holds no value that was sent.
    pub fn sentence(&self) -> Cow<'_, str> {
        let sentence = match self {
            Self::Misshapen(_) => "The request is invalid",
            Self::Transport(transport) => transport.message(),
            Self::Failure(failure) => match failure {
                Failure::Invalid(_) | Failure::Argument(_) => "The request is invalid",
                Failure::Unauthenticated { presented: true } => "Invalid authentication token",
                Failure::Unauthenticated { presented: false } => "Authentication required",
                Failure::Forbidden { service_accounts_only: true } => "Service account required",
                Failure::Forbidden { service_accounts_only: false } => "Not allowed",
                Failure::NotFound(missing) => missing_sentence(*missing),
                Failure::Conflict(Conflict::QuotaExceeded { limit: Some(limit) }) => {
                    return Cow::Owned(format!(
                        "The organisation holds as many credentials of this provider as it may ({limit}); an operator raises \
                         the limit with `strongroom org limit`"
                    ));
                }
                Failure::Conflict(conflict) => conflict_sentence(conflict),
                Failure::Rejected(report) | Failure::Upstream(report) => {
                    return Cow::Borrowed(&report.message);
                }
                Failure::Unusable(status) => unusable_sentence(*status),
                Failure::Limited { .. } => "Too many requests; try again later",
                Failure::Internal => "Internal error",
                Failure::ProviderAway { .. } => "The provider gives no token right now; try again",
                Failure::Unavailable { .. } => "Temporarily unavailable; try again",
            },
        };
        sentence.into()
    }

    /// The answer with this body, and with the headers that belong to the refusal.
    pub fn answer(&self, body: &impl Serialize) -> HttpResponse {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let response = HttpResponse::build(status).json(body);
        let Self::Failure(failure) = self else { return response };
        match failure {
            Failure::Unauthenticated { .. } => with_challenge(response),
            Failure::Upstream(_) => with_retry_after(response, RETRY_PROVIDER),
            Failure::Limited { retry_after, allowance } => {
                with_retry_after(with_allowance(response, allowance.as_ref()), *retry_after)
            }
            Failure::ProviderAway { retry_after } | Failure::Unavailable { retry_after } => {
                with_retry_after(response, *retry_after)
            }
            _ => response,
        }
    }
}

const fn missing_sentence(missing: Missing) -> &'static str {
    match missing {
        Missing::Credential => "Credential not found",
        Missing::Provider => "Provider not found",
        Missing::Integration => "Integration not found",
        Missing::ServiceAccount => "Service account not found",
        Missing::ApiKey => "API key not found",
        Missing::OauthApp => "OAuth app not found",
        Missing::Route => "Not found",
    }
}

const fn conflict_sentence(conflict: &Conflict) -> &'static str {
    match conflict {
        Conflict::SlotTaken(_) => "The slot is held by another credential",
        Conflict::AlreadyConnected => "The provider is connected already",
        Conflict::OauthAppExists => "The organisation has an OAuth app for this provider; replace its secret",
        Conflict::QuotaExceeded { .. } => {
            "The organisation holds as many credentials of this provider as it may; an operator raises the limit with \
             `strongroom org limit`"
        }
        Conflict::AuthorizationPending => "The authorisation is not complete",
        Conflict::ReauthorizationRequired => "The grant has ended; authorise the credential again",
        Conflict::CredentialChanged => "The credential was edited while it was authorised again; begin anew",
        Conflict::StaleRevision => "The credential has another revision by now",
        Conflict::WeakTag => {
            "If-Match has a weak tag (W/), and only strong ones match. Proxies that compress answers make tags weak: send \
             it without W/"
        }
        Conflict::ForeignTag => {
            "If-Match has a tag that is none of this service. Proxies that compress answers add to tags (\"2-gzip\"): send \
             the revision in quotes, as in \"2\""
        }
    }
}

const fn unusable_sentence(status: CredentialStatus) -> &'static str {
    match status {
        CredentialStatus::NeedsReauth => "The grant of this credential has ended; authorise it again",
        CredentialStatus::Rejected => {
            "The provider refused this credential at its last test; replace its content, or test it again"
        }
        CredentialStatus::Pending | CredentialStatus::Unverified | CredentialStatus::Validated => {
            "The credential does not work"
        }
    }
}
