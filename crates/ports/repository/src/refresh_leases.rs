use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{Credential, CredentialId, Evidence, OrganizationId, RefreshProblem, Sealed};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreResult;

/// What became of asking for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It is ours, and the attempt is on record.
    Acquired {
        /// How many attempts for this version have failed in a row before.
        failures: u32,
        /// Whether an earlier attempt for this version ended without a word: its instance died, was stopped,
        /// or lost the answer.
        interrupted: bool,
    },
    /// Somebody else works on it, until its lease ends.
    Held,
    /// An earlier attempt failed, and the next one is due after this time.
    NotYet(Duration),
    /// The credential has another version by now, or is gone.
    Moved,
}

/// A credential whose refresh is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRefresh {
    /// The organisation that owns it.
    pub organization: OrganizationId,
    /// The credential.
    pub credential: CredentialId,
    /// The time that has come, by the store's clock.
    pub refresh_at: OffsetDateTime,
}

/// What an attempt came to that brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was sent; it does not count as a failure.
    NotTried,
    /// Nothing came of it.
    Failed,
    /// The server may have served it, and its answer is lost.
    AnswerLost,
}

/// The leases under which tokens are refreshed, one a credential, and what earlier attempts came to. All
/// times are the store's own.
///
/// Taking, failing and giving back a lease carries no event; what a refresh changes does.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RefreshLeaseRepository: Send + Sync {
    /// Takes the lease of a credential that has this version, for so long, and puts the attempt on record.
    ///
    /// MUST be atomic over all processes: while a lease runs nobody else gets one. What is on record of
    /// attempts for an older version is forgotten. MUST NOT give one before the time that a failed attempt
    /// set.
    async fn acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        owner: Uuid,
        length: Duration,
    ) -> StoreResult<Lease>;

    /// Stores what a refresh brought, records the event, and ends the lease if `owner` still holds it.
    ///
    /// MUST write whenever the stored version is `expected_version`, whoever holds the lease: a late answer
    /// is refused only when another refresh, or other content, was committed meanwhile, or the row is gone.
    /// Then `Ok(false)`, and nothing is written or recorded. Of the metadata only what a refresh brings is
    /// written: config, version, end of the access token, `refreshed_at`, `refresh_at`, and `status` and
    /// `status_reason` as [`Credential::take_refresh`] sets them, so that a rename meanwhile stays.
    async fn store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        expected_version: u64,
        owner: Uuid,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Ends an attempt that brought nothing: the lease, if `owner` still holds it, with the time before which
    /// nobody tries again; counts a failure. One whose answer was lost counts as interrupted from then on.
    async fn fail(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
        retry_after: Duration,
        ended: Ended,
    ) -> StoreResult<()>;

    /// Writes why a credential does not refresh, and records the event. When a status follows from the
    /// problem ([`RefreshProblem::status`]) it is written and `refresh_at` dropped; else the status stays as
    /// it is by now.
    ///
    /// MUST write only when the stored version is `version`, the status is not `needs_reauth` already, and
    /// the reason or status differs from what is stored; else `Ok(false)`, and nothing is written or
    /// recorded.
    async fn note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        problem: RefreshProblem,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Credentials of all organisations, those that are pending left out, whose `refresh_at` has come, that
    /// nobody works on and whose next attempt is due; at most `limit`, the longest due first. For the
    /// background.
    async fn due(&self, limit: u32) -> StoreResult<Vec<DueRefresh>>;
}
