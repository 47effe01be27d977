use async_trait::async_trait;
use strongroom_domain::OrganizationId;
use strongroom_repository::{OrganizationKeyRepository, StoreResult, WrappedOrganizationKey};

use crate::{Call, FakeStore};

#[async_trait]
impl OrganizationKeyRepository for FakeStore {
    async fn organization_keys(
        &self,
        organization: &OrganizationId,
    ) -> StoreResult<Vec<WrappedOrganizationKey>> {
        self.read(Call::OrganizationKeys, |state, _| {
            state.rows.organization_keys.get(organization).cloned().into_iter().collect()
        })
        .await
    }

    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<bool> {
        self.note(Call::InsertFirstOrganizationKey, |rows, _| {
            let is_first = !rows.organization_keys.contains_key(&key.organization);
            if is_first {
                rows.organization_keys.insert(key.organization.clone(), key.clone());
            }
            Ok(is_first)
        })
        .await
    }
}
