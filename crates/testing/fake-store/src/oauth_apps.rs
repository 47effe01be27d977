use async_trait::async_trait;
use strongroom_domain::{Evidence, OauthApp, OauthAppId, OrganizationId};
use strongroom_repository::{OauthAppRepository, SealedOauthApp, StoreError, StoreResult, Unique};

use crate::rows::{key, of};
use crate::{Call, FakeStore};

#[async_trait]
impl OauthAppRepository for FakeStore {
    async fn insert(&self, new: &SealedOauthApp, evidence: Evidence) -> StoreResult<()> {
        self.mutate(Call::InsertApp, evidence, |rows, _| {
            let organization = &new.app.organization;
            if of(&rows.oauth_apps, organization).any(|stored| stored.app.app == new.app.app) {
                return Err(StoreError::Duplicate(Unique::OauthApp));
            }
            match rows.oauth_apps.insert(key(organization, new.app.id), new.clone()) {
                None => Ok(true),
                Some(_) => Err(StoreError::Duplicate(Unique::Id)),
            }
        })
        .await
        .map(|_| ())
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
    ) -> StoreResult<Option<SealedOauthApp>> {
        self.read(Call::FindApp, |state, _| state.rows.oauth_apps.get(&key(organization, id)).cloned()).await
    }

    async fn find_named(
        &self,
        organization: &OrganizationId,
        app: &str,
    ) -> StoreResult<Option<SealedOauthApp>> {
        self.read(Call::FindAppNamed, |state, _| {
            of(&state.rows.oauth_apps, organization).find(|stored| stored.app.app == app).cloned()
        })
        .await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<OauthApp>> {
        self.read(Call::ListApps, |state, _| {
            let mut apps: Vec<_> =
                of(&state.rows.oauth_apps, organization).map(|stored| stored.app.clone()).collect();
            apps.sort_by(|one, other| one.app.cmp(&other.app));
            apps
        })
        .await
    }

    async fn replace(&self, changed: &SealedOauthApp, evidence: Evidence) -> StoreResult<bool> {
        self.mutate(Call::ReplaceApp, evidence, |rows, _| {
            let key = key(&changed.app.organization, changed.app.id);
            let Some(stored) = rows.oauth_apps.get_mut(&key) else { return Ok(false) };
            stored.app.client_id = changed.app.client_id.clone();
            stored.app.updated_at = changed.app.updated_at;
            stored.sealed = changed.sealed.clone();
            Ok(true)
        })
        .await
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::DeleteApp, evidence, |rows, _| {
            Ok(rows.oauth_apps.remove(&key(organization, id)).is_some())
        })
        .await
    }
}
