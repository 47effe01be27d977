use async_trait::async_trait;
use strongroom_domain::OrganizationId;
use strongroom_repository::{FirstKey, OrganizationKeyRepository, StoreResult, WrappedOrganizationKey};

use crate::rows::Rows;
use crate::{Call, FakeStore};

impl Rows {
    /// Whether something of the organisation was sealed with a key that is no root key.
    fn has_lost_keys(&self, organization: &OrganizationId) -> bool {
        let credentials = self.credentials.iter().map(|((owner, _), row)| (owner, row.sealed.kek_id));
        let apps = self.oauth_apps.iter().map(|((owner, _), row)| (owner, row.sealed.kek_id));
        let flows = self.flows.iter().map(|((owner, _), flow)| (owner, flow.stored.sealed.kek_id));
        let mut sealed = credentials.chain(apps).chain(flows);
        sealed.any(|(owner, kek)| owner == organization && !self.keks.contains_key(&kek))
    }
}

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

    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<FirstKey> {
        self.note(Call::InsertFirstOrganizationKey, |rows, _| {
            if rows.organization_keys.contains_key(&key.organization) {
                return Ok(FirstKey::Exists);
            }
            if rows.has_lost_keys(&key.organization) {
                return Ok(FirstKey::Lost);
            }
            rows.organization_keys.insert(key.organization.clone(), key.clone());
            Ok(FirstKey::Stored)
        })
        .await
    }
}
