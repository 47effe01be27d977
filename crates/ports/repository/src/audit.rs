use async_trait::async_trait;
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{Action, Actor, AuditEvent, CredentialId, OrganizationId};
use time::OffsetDateTime;

use crate::StoreResult;

/// What to do with an event whose chain another transaction is writing to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contention {
    /// Leave the event out and report that, so that the other events do not wait for it.
    Skip,
    /// Wait for the other transaction, at most 2 seconds. After that the whole call fails with `Unavailable`.
    Wait,
}

/// The result for one event of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is durable, at this place in its chain.
    Durable {
        /// The place.
        seq: u64,
    },
    /// It was left out because another transaction was writing to its chain. This happens only with
    /// [`Contention::Skip`].
    Skipped,
}

/// Which records a query shows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only about this credential.
    pub credential: Option<CredentialId>,
    /// Only by actors of this name, of whichever issuer.
    pub actor: Option<Actor>,
    /// Only this action.
    pub action: Option<Action>,
    /// Only at or after this time.
    pub from: Option<OffsetDateTime>,
    /// Only before this time.
    pub to: Option<OffsetDateTime>,
}

/// The part of the results that a query returns.
#[derive(Debug, Clone, Copy)]
pub struct AuditPage {
    /// Only records below this place.
    pub before: Option<u64>,
    /// At most this many records.
    pub limit: u32,
}

/// The audit chains of organisations.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Appends events, each to the chain of its organisation, in one transaction.
    ///
    /// When it returns `Durable`, the event survives the death of every process involved. MUST keep each
    /// chain gapless and in one order over all instances, MUST take chain heads in ascending order of
    /// organisation, and MUST answer within 2 seconds, with `Unavailable` if it could not write by then. The
    /// answer has one entry per event, in the order of the events.
    async fn append(&self, events: &[AuditEvent], contention: Contention) -> StoreResult<Vec<Appended>>;

    /// Records of one organisation by descending place.
    async fn query(
        &self,
        organization: &OrganizationId,
        filter: &AuditFilter,
        page: AuditPage,
    ) -> StoreResult<Vec<AuditRecord>>;

    /// Records of one organisation by ascending place, from `from_seq`, at most `limit`. A record that
    /// cannot be read back is `Corrupt`.
    async fn range(
        &self,
        organization: &OrganizationId,
        from_seq: u64,
        limit: u32,
    ) -> StoreResult<Vec<AuditRecord>>;

    /// The head of one chain; `None` when no event of the organisation was ever recorded.
    async fn head(&self, organization: &OrganizationId) -> StoreResult<Option<AuditHead>>;

    /// Heads by ascending organisation after `after`, at most `limit`, changed at or after `since` when
    /// given. It is for maintenance, and spans organisations as [`Self::headless`] does.
    async fn heads(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> StoreResult<Vec<AuditHead>>;

    /// Organisations that have records and no head, at most 100, for maintenance. There are none unless a
    /// head was removed from the database by hand.
    async fn headless(&self) -> StoreResult<Vec<OrganizationId>>;
}
