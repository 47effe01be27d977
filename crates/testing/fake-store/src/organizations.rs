use async_trait::async_trait;
use strongroom_domain::{Evidence, OrganizationId};
use strongroom_repository::{OrganizationRepository, QuotaDrift, StoreResult};

use crate::{Call, FakeStore};

#[async_trait]
impl OrganizationRepository for FakeStore {
    async fn set_limit(
        &self,
        organization: &OrganizationId,
        credentials_per_provider: Option<u32>,
        evidence: Evidence,
    ) -> StoreResult<()> {
        self.mutate(Call::SetLimit, evidence, |rows, _| {
            match credentials_per_provider {
                Some(limit) => rows.limits.insert(organization.clone(), limit),
                None => rows.limits.remove(organization),
            };
            Ok(true)
        })
        .await
        .map(|_| ())
    }

    async fn limit(&self, organization: &OrganizationId) -> StoreResult<Option<u32>> {
        self.read(Call::FindLimit, |state, _| state.rows.limits.get(organization).copied()).await
    }

    /// Returns none, because the rows themselves are counted.
    async fn quota_drift(&self) -> StoreResult<Vec<QuotaDrift>> {
        self.read(Call::QuotaDrift, |_, _| Vec::new()).await
    }
}
