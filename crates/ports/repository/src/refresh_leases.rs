use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{Credential, CredentialId, Evidence, OrganizationId, RefreshProblem, Sealed};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreResult;

/// The answer to the request for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// The caller holds the lease, and the attempt is on record.
    Acquired {
        /// How many attempts for this version have failed in a row before this one.
        failures: u32,
        /// Whether an earlier attempt for this version ended without a result: its instance died, was
        /// stopped, or lost the answer.
        interrupted: bool,
        /// Whether the server has said for this version that the grant is gone,
        /// [`DOUBT`](strongroom_domain::oauth::DOUBT) ago or earlier.
        doubted: bool,
    },
    /// Another caller holds the lease until it ends.
    Held,
    /// An earlier attempt failed, and the next one may begin after this time.
    NotYet(Duration),
    /// The credential has another version by now, or was removed.
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

/// How an attempt ended that brought no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was sent; it does not count as a failure.
    NotTried,
    /// It failed.
    Failed,
    /// The server may have served it, and its answer is lost.
    AnswerLost,
    /// It failed: the server says that the grant is gone, which is believed when it says so again.
    Doubted,
}

/// The leases under which tokens are refreshed, one for each credential, and the results of earlier attempts.
/// All times are the store's own.
///
/// Taking a lease, failing and giving a lease back carry no event; the changes that a refresh makes carry
/// one.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RefreshLeaseRepository: Send + Sync {
    /// Takes the lease of a credential that has this version, for `length`, and puts the attempt on record.
    ///
    /// MUST be atomic over all processes: while a lease runs no other caller gets one. The record of attempts
    /// for an older version is dropped. MUST NOT give a lease before the time that a failed attempt set.
    async fn acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        owner: Uuid,
        length: Duration,
    ) -> StoreResult<Lease>;

    /// Ends the wait that a failed attempt has set, so that the next attempt may begin now. Does nothing
    /// while the lease is held.
    async fn end_wait(&self, organization: &OrganizationId, credential: CredentialId) -> StoreResult<()>;

    /// Stores the result of a refresh, records the event, and ends the lease if `owner` still holds it.
    ///
    /// MUST write whenever the stored version is `expected_version`, even when `owner` no longer holds the
    /// lease: a late answer is refused only when another refresh, or other content, was committed meanwhile,
    /// or the row was removed. Then MUST return `Ok(false)`, and write and record nothing. Of the metadata
    /// only the values that a refresh sets are written: config, version, end of the access token,
    /// end of the grant, `refreshed_at`, `refresh_at`, and `status` and `status_reason` as
    /// [`Credential::take_refresh`] sets them. So a rename that happened meanwhile stays.
    async fn store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        expected_version: u64,
        owner: Uuid,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Ends an attempt that brought no token. If `owner` still holds the lease, the lease ends, no other
    /// attempt begins before `retry_after` has passed, and a failure is counted as `ended` says. An attempt
    /// whose answer was lost counts as interrupted from then on. Of several doubts the time of the first one
    /// is kept.
    async fn fail(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
        retry_after: Duration,
        ended: Ended,
    ) -> StoreResult<()>;

    /// Writes why a credential does not refresh, and records the event. When a status follows from the
    /// problem ([`RefreshProblem::status`]), it is written and `refresh_at` is dropped. Otherwise the stored
    /// status stays.
    ///
    /// MUST write only when the stored version is `version` and the reason or status differs from what is
    /// stored. MUST NOT write a problem from which no status follows while the status is `needs_reauth`.
    /// When it does not write, MUST return `Ok(false)` and record nothing.
    async fn note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        problem: RefreshProblem,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Credentials of all organisations, for the background refresh: their `refresh_at` has come, no lease on
    /// them runs and their next attempt is due. Pending credentials are left out. Returns at most `limit`:
    /// of every organisation the one that is due the longest, then of every organisation the second, and so
    /// on.
    async fn due(&self, limit: u32) -> StoreResult<Vec<DueRefresh>>;
}
