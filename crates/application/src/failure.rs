//! The errors of use cases. Each surface maps every kind of error once.

use std::time::Duration;

use strongroom_domain::{CredentialStatus, Slot, TestReport, Violation};
use strongroom_repository::{StoreError, Unique};
use strongroom_vault::VaultError;
use time::OffsetDateTime;

/// Why a use case did not do what was asked. The error below it is logged where it is turned into a failure.
/// It is not carried further, so it can never be sent to a caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No valid token or key.
    #[error("not authenticated")]
    Unauthenticated {
        /// Whether anything was presented at all.
        presented: bool,
    },
    /// The principal may not do this.
    #[error("not allowed")]
    Forbidden {
        /// Whether only service accounts may.
        service_accounts_only: bool,
    },
    /// It does not exist, belongs to another organisation, or lies beyond the caller's reach.
    #[error("not found")]
    NotFound(Missing),
    /// The request has the right shape and wrong content.
    #[error("invalid content")]
    Invalid(Vec<Violation>),
    /// An argument is outside the possible values: it names a provider that the catalog does not have, or a
    /// range that is empty or too long.
    #[error("invalid argument")]
    Argument(Violation),
    /// It cannot be done in the present state of the resource.
    #[error("conflict")]
    Conflict(Conflict),
    /// The provider refused the credential, or its settings do not fit. New content was not stored; a stored
    /// credential was not used.
    #[error("the provider refused")]
    Rejected(Box<TestReport>),
    /// The credential is known not to work, because it has this status.
    #[error("the credential does not work")]
    Unusable(CredentialStatus),
    /// The provider did not answer. Content that was stored before is unchanged.
    #[error("the provider did not answer")]
    Upstream(Box<TestReport>),
    /// The provider's authorization server did not answer, or its OAuth app is not set up correctly, and
    /// there is no valid token. The grant is kept.
    #[error("the authorization server did not answer")]
    ProviderAway {
        /// How long to wait before the next attempt.
        retry_after: Duration,
    },
    /// A limit is used up; a later attempt may succeed.
    #[error("too many")]
    Limited {
        /// How long to wait before the next attempt.
        retry_after: Duration,
        /// The limit, when it is the caller's own.
        allowance: Option<Allowance>,
    },
    /// The store cannot be reached or is busy; a later attempt may succeed.
    #[error("the store cannot be used at the moment, or is busy beyond its limits; the log says why")]
    Unavailable {
        /// How long to wait before the next attempt.
        retry_after: Duration,
    },
    /// A fault of this service; the log has the cause.
    #[error("internal error")]
    Internal,
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many within a minute.
    pub limit: u32,
    /// How many are left now.
    pub remaining: u32,
    /// When the next place becomes free.
    pub reset_at: OffsetDateTime,
}

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A credential.
    Credential,
    /// A provider, or one that this dialect does not know.
    Provider,
    /// A connection.
    Integration,
    /// A service account.
    ServiceAccount,
    /// An API key.
    ApiKey,
    /// An OAuth app.
    OauthApp,
    /// A route.
    Route,
}

/// The state that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Another credential holds the slot.
    SlotTaken(Slot),
    /// The provider is connected already.
    AlreadyConnected,
    /// The organisation holds as many credentials of the provider as it may.
    QuotaExceeded {
        /// How many it may hold, when that is known.
        limit: Option<u32>,
    },
    /// The credential's authorisation is not complete.
    AuthorizationPending,
    /// The credential's grant is gone.
    ReauthorizationRequired,
    /// The organisation has an OAuth app of this name.
    OauthAppExists,
    /// The credential was edited while it was authorised again.
    CredentialChanged,
    /// The resource has another revision than the caller expects.
    StaleRevision,
    /// The caller named the revision that it expects by a weak tag, which matches none.
    WeakTag,
    /// The caller named the revision that it expects by a tag that no resource here has.
    ForeignTag,
}

impl Failure {
    /// The store or another part of the service is not available; an attempt one second later may succeed.
    pub const fn unavailable() -> Self {
        Self::Unavailable { retry_after: Duration::from_secs(1) }
    }

    /// One violation.
    pub fn invalid(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(Unique::Integration) => Self::Conflict(Conflict::AlreadyConnected),
            StoreError::QuotaExceeded => Self::Conflict(Conflict::QuotaExceeded { limit: None }),
            StoreError::StaleVersion => Self::Conflict(Conflict::StaleRevision),
            StoreError::Unavailable(source) => {
                tracing::warn!(source = %chain(source.as_ref()), "the store is unavailable");
                Self::unavailable()
            }
            StoreError::Duplicate(Unique::Slot | Unique::Id | Unique::KekName | Unique::OauthApp)
            | StoreError::Corrupt(_) => {
                tracing::error!(error = %chain(&error), "the store failed");
                Self::Internal
            }
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        tracing::error!(error = %chain(&error), "the vault failed");
        match error {
            VaultError::Exhausted(_) | VaultError::Unavailable(_) => Self::unavailable(),
            VaultError::Integrity
            | VaultError::KeysLost
            | VaultError::UnknownKey(_)
            | VaultError::UnknownPurposeKey(_)
            | VaultError::Cipher => Self::Internal,
        }
    }
}

/// An error and its sources in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
