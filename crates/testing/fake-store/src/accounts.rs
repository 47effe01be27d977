use async_trait::async_trait;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{ApiKeyId, Evidence, OrganizationId, ServiceAccount, ServiceAccountId};
use strongroom_repository::{KeyHolder, ServiceAccountRepository, StoreError, StoreResult, Unique};
use time::OffsetDateTime;

use crate::rows::{at_most, key, of};
use crate::{Call, FakeStore};

/// How many keys of one account are shown at most.
const KEYS_SHOWN: usize = 1_000;

fn belongs(key: &ApiKey, organization: &OrganizationId, account: ServiceAccountId) -> bool {
    key.organization == *organization && key.service_account == account
}

#[async_trait]
impl ServiceAccountRepository for FakeStore {
    async fn insert(&self, account: &ServiceAccount, evidence: Evidence) -> StoreResult<()> {
        self.mutate(Call::InsertAccount, evidence, |rows, _| {
            match rows.accounts.insert(key(&account.organization, account.id), account.clone()) {
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
        id: ServiceAccountId,
    ) -> StoreResult<Option<ServiceAccount>> {
        self.read(Call::FindAccount, |state, _| state.rows.accounts.get(&key(organization, id)).cloned())
            .await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        offset: u32,
        limit: u32,
    ) -> StoreResult<Vec<ServiceAccount>> {
        self.read(Call::ListAccounts, |state, _| {
            let newest_first = of(&state.rows.accounts, organization).rev();
            newest_first.skip(at_most(offset)).take(at_most(limit)).cloned().collect()
        })
        .await
    }

    async fn replace(
        &self,
        changed: &ServiceAccount,
        read_at: OffsetDateTime,
        evidence: Evidence,
    ) -> StoreResult<()> {
        self.mutate(Call::ReplaceAccount, evidence, |rows, _| {
            let account = rows
                .accounts
                .get_mut(&key(&changed.organization, changed.id))
                .filter(|account| account.updated_at == read_at)
                .ok_or(StoreError::StaleVersion)?;
            *account = ServiceAccount {
                created_at: account.created_at,
                created_by: account.created_by.clone(),
                issuer: account.issuer.clone(),
                ..changed.clone()
            };
            Ok(true)
        })
        .await
        .map(|_| ())
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::DeleteAccount, evidence, |rows, _| {
            rows.api_keys.retain(|_, key| !belongs(key, organization, id));
            Ok(rows.accounts.remove(&key(organization, id)).is_some())
        })
        .await
    }

    /// No migration has run here.
    async fn unannounced_scopes(&self) -> StoreResult<Vec<ServiceAccount>> {
        Ok(Vec::new())
    }

    async fn announce_scopes(
        &self,
        _: &OrganizationId,
        _: ServiceAccountId,
        _: Evidence,
    ) -> StoreResult<bool> {
        Ok(false)
    }

    async fn insert_key(&self, new: &ApiKey, evidence: Evidence) -> StoreResult<bool> {
        self.mutate(Call::InsertKey, evidence, |rows, _| {
            if !rows.accounts.contains_key(&key(&new.organization, new.service_account)) {
                return Ok(false);
            }
            match rows.api_keys.insert(new.id.clone(), new.clone()) {
                None => Ok(true),
                Some(_) => Err(StoreError::Duplicate(Unique::Id)),
            }
        })
        .await
    }

    async fn list_keys(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
    ) -> StoreResult<Vec<ApiKey>> {
        self.read(Call::ListKeys, |state, _| {
            let keys = state.rows.api_keys.values();
            let mut keys: Vec<_> = keys.filter(|key| belongs(key, organization, account)).cloned().collect();
            keys.sort_by(|one, other| {
                (other.created_at, other.id.as_str()).cmp(&(one.created_at, one.id.as_str()))
            });
            keys.truncate(KEYS_SHOWN);
            keys
        })
        .await
    }

    async fn delete_key(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
        key: &ApiKeyId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::DeleteKey, evidence, |rows, _| {
            let is_theirs =
                rows.api_keys.get(key).is_some_and(|stored| belongs(stored, organization, account));
            if is_theirs {
                rows.api_keys.remove(key);
            }
            Ok(is_theirs)
        })
        .await
    }

    async fn find_key(&self, id: &ApiKeyId) -> StoreResult<Option<KeyHolder>> {
        self.read(Call::FindKey, |state, _| {
            let stored = state.rows.api_keys.get(id)?;
            let account = state.rows.accounts.get(&key(&stored.organization, stored.service_account))?;
            Some(KeyHolder { key: stored.clone(), account: account.clone() })
        })
        .await
    }

    async fn note_uses(&self, uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)]) -> StoreResult<()> {
        self.note(Call::NoteUses, |rows, _| {
            for (organization, id, at) in uses {
                if let Some(key) = rows.api_keys.get_mut(id).filter(|key| key.organization == *organization) {
                    key.last_used_at = key.last_used_at.max(Some(*at));
                }
            }
            Ok(())
        })
        .await
    }
}
