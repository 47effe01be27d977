use async_trait::async_trait;
use strongroom_domain::{
    AuditEvent, Credential, CredentialId, CredentialName, CredentialStatus, Evidence, OrganizationId,
    ProviderId, Reach, Sealed, Slot, TestCode,
};
use time::OffsetDateTime;

use crate::StoreResult;

/// Which credentials a list shows.
#[derive(Debug, Clone, Default)]
pub struct CredentialFilter {
    /// Only of this provider.
    pub provider: Option<ProviderId>,
    /// Only in this status.
    pub status: Option<CredentialStatus>,
    /// Only with exactly this name.
    pub name: Option<CredentialName>,
    /// Only the holder of this slot.
    pub slot: Option<Slot>,
    /// Only what the asking service account reaches.
    pub reach: Reach,
}

/// How a credential is named.
#[derive(Debug, Clone)]
pub enum Selector {
    /// By id.
    Id(CredentialId),
    /// By the slot it holds.
    Slot(Slot),
}

/// A credential together with its sealed payload.
#[derive(Debug, Clone)]
pub struct SealedCredential {
    /// Its metadata.
    pub credential: Credential,
    /// Its payload, which only the vault opens.
    pub sealed: Sealed,
}

/// What a connection test found out about a stored credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFinding {
    /// When the test ended.
    pub tested_at: OffsetDateTime,
    /// What it found.
    pub code: TestCode,
    /// The status that follows; `None` keeps status and reason as they are.
    pub status: Option<CredentialStatus>,
    /// Why it has this status, when there is something to say.
    pub status_reason: Option<String>,
}

/// Credentials of organisations.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CredentialRepository: Send + Sync {
    /// Stores a new credential, counts it against the quota and records its event.
    ///
    /// The quota is `default_limit` per provider unless the organisation has one of its own. MUST be exact
    /// under concurrency: of any number of parallel inserts at most the quota succeed; the rest return
    /// `QuotaExceeded`. MUST return `Duplicate(Unique::Slot)` when the slot is held.
    async fn insert(&self, new: &SealedCredential, default_limit: u32, evidence: Evidence)
    -> StoreResult<()>;

    /// The metadata of one credential.
    async fn find(&self, organization: &OrganizationId, id: CredentialId) -> StoreResult<Option<Credential>>;

    /// Credentials by descending id, so newest first: at most `limit`, with ids below `after`.
    async fn list(
        &self,
        organization: &OrganizationId,
        filter: &CredentialFilter,
        after: Option<CredentialId>,
        limit: u32,
    ) -> StoreResult<Vec<Credential>>;

    /// One credential with its sealed payload, in one statement.
    async fn find_sealed(
        &self,
        organization: &OrganizationId,
        selector: &Selector,
    ) -> StoreResult<Option<SealedCredential>>;

    /// Those of the given credentials that exist, with their sealed payloads, in any order and one
    /// statement.
    async fn find_sealed_many(
        &self,
        organization: &OrganizationId,
        ids: &[CredentialId],
    ) -> StoreResult<Vec<SealedCredential>>;

    /// The holders of those of the given slots that are held, with their sealed payloads, in any order and
    /// one statement, whose cost does not grow with the credentials that hold no such slot.
    async fn find_sealed_slots(
        &self,
        organization: &OrganizationId,
        slots: &[Slot],
    ) -> StoreResult<Vec<SealedCredential>>;

    /// Replaces metadata and payload, and records the event.
    ///
    /// MUST write only when the stored revision and version are the expected ones; MUST return
    /// `StaleVersion` when they are not and also when the row is gone, so that a late writer never revives
    /// it. Provider, slot, creation and last-read columns never change.
    async fn replace(
        &self,
        changed: &Credential,
        sealed: &Sealed,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()>;

    /// Changes what people call a credential and when it ends, and records the event: name, `expires_at`,
    /// revision, `updated_at` and `modified_by`. MUST write nothing else of `changed`: a test or a refresh
    /// may have changed the rest meanwhile. MUST compare revision and version as [`Self::replace`] does.
    async fn relabel(
        &self,
        changed: &Credential,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()>;

    /// Notes what a connection test found and records the event. Version, revision, `updated_at` and
    /// `modified_by` stay, and so does the status of a credential that needs to be authorised again: a grant
    /// that is gone does not come back because its last token still works.
    ///
    /// MUST write only when the stored version is `version`: a test of an older payload says nothing about
    /// the present one. MUST return `Ok(false)` when it is another or the row is gone, and then write and
    /// record nothing.
    async fn record_test(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        version: u64,
        finding: &TestFinding,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Removes a credential, gives its place in the quota back and records the event. A connection that used
    /// it is disconnected in the same transaction, and then `disconnected` is recorded too, with the id of
    /// that connection, which only the store knows, as its target.
    ///
    /// MUST return `Ok(false)` when there is none, `StaleVersion` when its revision is not the expected one,
    /// and in both cases record nothing.
    async fn delete(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        expected_revision: Option<u64>,
        evidence: Evidence,
        disconnected: AuditEvent,
    ) -> StoreResult<bool>;

    /// Notes when secrets were read last. Carries no event: the reads have theirs. Credentials that are
    /// gone by now are passed over; a later time is never replaced by an earlier one.
    async fn note_reads(&self, reads: &[(OrganizationId, CredentialId, OffsetDateTime)]) -> StoreResult<()>;
}
