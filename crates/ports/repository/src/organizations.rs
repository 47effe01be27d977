use async_trait::async_trait;
use strongroom_domain::{Evidence, OrganizationId, ProviderId};

use crate::StoreResult;

/// A quota counter that differs from the number of rows it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaDrift {
    /// The organisation.
    pub organization: OrganizationId,
    /// The provider whose credentials are counted.
    pub provider: ProviderId,
    /// What the counter says.
    pub counted: u64,
    /// How many rows there are.
    pub stored: u64,
}

/// Settings and counters of organisations. An organisation appears on first use.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OrganizationRepository: Send + Sync {
    /// Sets how many credentials per provider an organisation may hold (`None`: the deployment's default)
    /// and records the event. Credentials beyond a lowered limit stay.
    async fn set_limit(
        &self,
        organization: &OrganizationId,
        credentials_per_provider: Option<u32>,
        evidence: Evidence,
    ) -> StoreResult<()>;

    /// The organisation's own limit, if it has one.
    async fn limit(&self, organization: &OrganizationId) -> StoreResult<Option<u32>>;

    /// Counters that differ from their rows, at most 100; for the command `doctor`.
    async fn quota_drift(&self) -> StoreResult<Vec<QuotaDrift>>;
}
