use async_trait::async_trait;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{ApiKeyId, Evidence, OrganizationId, ServiceAccount, ServiceAccountId};
use time::OffsetDateTime;

use crate::StoreResult;

/// An API key together with the account that it authenticates.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// The key.
    pub key: ApiKey,
    /// Its account.
    pub account: ServiceAccount,
}

/// Service accounts and their API keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ServiceAccountRepository: Send + Sync {
    /// Stores a new account and records its events.
    async fn insert(&self, account: &ServiceAccount, evidence: Evidence) -> StoreResult<()>;

    /// Finds one account by its id.
    async fn find(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
    ) -> StoreResult<Option<ServiceAccount>>;

    /// Accounts by descending id, skipping `offset`, at most `limit`.
    async fn list(
        &self,
        organization: &OrganizationId,
        offset: u32,
        limit: u32,
    ) -> StoreResult<Vec<ServiceAccount>>;

    /// Replaces an account and records its events.
    ///
    /// MUST return `StaleVersion` when the stored `updated_at` is not `read_at` or the account is gone.
    async fn replace(
        &self,
        changed: &ServiceAccount,
        read_at: OffsetDateTime,
        evidence: Evidence,
    ) -> StoreResult<()>;

    /// Removes an account and all of its keys, and records the event. Returns `Ok(false)`, and records
    /// nothing, when there is no such account.
    async fn delete(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Some of the accounts that a migration has given the scope to read refresh tokens, and whose event is
    /// still to be written; of all organisations.
    async fn unannounced_scopes(&self) -> StoreResult<Vec<ServiceAccount>>;

    /// Records the event of such an account. Returns `Ok(false)` and records nothing when another instance
    /// has, or the account was changed or removed since.
    async fn announce_scopes(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Stores a new key and records the event.
    ///
    /// MUST return `Ok(false)` and record nothing when the account does not exist (any more).
    async fn insert_key(&self, key: &ApiKey, evidence: Evidence) -> StoreResult<bool>;

    /// The keys of an account by descending creation time, keys of the same time by descending id, at most
    /// 1,000.
    async fn list_keys(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
    ) -> StoreResult<Vec<ApiKey>>;

    /// Revokes a key and records the event. Returns `Ok(false)`, and records nothing, when the account has no
    /// such key.
    async fn delete_key(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
        key: &ApiKeyId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Finds a key and its account by the key's id alone, in one statement. It is the only look-up here
    /// without an organisation, because the key tells which organisation it is.
    async fn find_key(&self, key: &ApiKeyId) -> StoreResult<Option<KeyHolder>>;

    /// Notes when keys were used last. Carries no event. Keys that were removed meanwhile are ignored.
    async fn note_uses(&self, uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)]) -> StoreResult<()>;
}
