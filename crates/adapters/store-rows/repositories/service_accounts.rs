use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{ApiKeyId, Evidence, OrganizationId, ServiceAccount, ServiceAccountId};
use strongroom_repository::{KeyHolder, ServiceAccountRepository, StoreError, StoreResult};
use strongroom_store_rows::schema::{api_key_locator, api_keys, service_accounts};
use strongroom_store_rows::{AccountChanges, AccountRow, Change, KeyRow, Micros, RowId};
use time::OffsetDateTime;

use crate::connection::{Connection, RunQueryDsl, for_key_share, for_update};
use crate::notes;
use crate::store::Store;

/// How many keys of one account are shown at most.
const KEYS_SHOWN: i64 = 1_000;

#[async_trait]
impl ServiceAccountRepository for Store {
    async fn insert(&self, account: &ServiceAccount, evidence: Evidence) -> StoreResult<()> {
        let row = AccountRow::of(account);
        self.mutate(evidence, async move |connection: &mut Connection| {
            diesel::insert_into(service_accounts::table).values(&row).execute(connection).await?;
            Ok(Change::Made)
        })
        .await
        .map(|_| ())
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
    ) -> StoreResult<Option<ServiceAccount>> {
        let row = service_accounts::table.find((organization.as_str().to_owned(), RowId(id.0)));
        self.database.one(None, row.select(AccountRow::as_select())).await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        offset: u32,
        limit: u32,
    ) -> StoreResult<Vec<ServiceAccount>> {
        let page = service_accounts::table
            .filter(service_accounts::org_id.eq(organization.as_str().to_owned()))
            .order(service_accounts::id.desc())
            .limit(i64::from(limit))
            .offset(i64::from(offset));
        self.database.all(None, page.select(AccountRow::as_select())).await
    }

    async fn replace(
        &self,
        changed: &ServiceAccount,
        read_at: OffsetDateTime,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let key = (changed.organization.as_str().to_owned(), RowId(changed.id.0));
        let changes = AccountChanges::of(changed);
        let as_read = service_accounts::updated_at.eq(Micros::from(read_at));
        let replaced = self.mutate(evidence, async move |connection: &mut Connection| {
            let row = service_accounts::table.find((&key.0, key.1)).filter(as_read);
            Ok(diesel::update(row).set(&changes).execute(connection).await?.into())
        });
        if replaced.await? { Ok(()) } else { Err(StoreError::StaleVersion) }
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (organization, id) = (organization.as_str().to_owned(), RowId(id.0));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let account = service_accounts::table.find((&organization, id));
            // From here on no key can be added to it.
            let locked = for_update!(account.select(service_accounts::id));
            if locked.get_result::<RowId>(connection).await.optional()?.is_none() {
                return Ok(Change::None);
            }
            let of_account = api_keys::org_id.eq(&organization).and(api_keys::service_account_id.eq(id));
            let keys = api_keys::table.filter(of_account);
            let located = api_key_locator::key_id.eq_any(keys.select(api_keys::key_id));
            diesel::delete(api_key_locator::table.filter(located)).execute(connection).await?;
            diesel::delete(keys).execute(connection).await?;
            diesel::delete(account).execute(connection).await?;
            Ok(Change::Made)
        })
        .await
    }

    async fn unannounced_scopes(&self) -> StoreResult<Vec<ServiceAccount>> {
        let unannounced =
            service_accounts::refresh_tokens.eq(AccountChanges::READS_REFRESH_TOKENS_UNANNOUNCED);
        let some = service_accounts::table.filter(unannounced).order(service_accounts::id).limit(100);
        self.database.all(None, some.select(AccountRow::as_select())).await
    }

    async fn announce_scopes(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (organization.as_str().to_owned(), RowId(id.0));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let unannounced =
                service_accounts::refresh_tokens.eq(AccountChanges::READS_REFRESH_TOKENS_UNANNOUNCED);
            let row = service_accounts::table.find((&key.0, key.1)).filter(unannounced);
            let announced = service_accounts::refresh_tokens.eq(AccountChanges::READS_REFRESH_TOKENS);
            Ok(diesel::update(row).set(announced).execute(connection).await?.into())
        })
        .await
    }

    async fn insert_key(&self, key: &ApiKey, evidence: Evidence) -> StoreResult<bool> {
        let (organization, account) = (key.organization.as_str().to_owned(), RowId(key.service_account.0));
        let (id, row) = (key.id.as_str().to_owned(), KeyRow::of(key));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let account = service_accounts::table.find((&organization, account));
            // Keeps the account from being deleted before this commits.
            let locked = for_key_share!(account.select(service_accounts::id));
            if locked.get_result::<RowId>(connection).await.optional()?.is_none() {
                return Ok(Change::None);
            }
            let located = (api_key_locator::key_id.eq(&id), api_key_locator::org_id.eq(&organization));
            diesel::insert_into(api_key_locator::table).values(located).execute(connection).await?;
            Ok(diesel::insert_into(api_keys::table).values(&row).execute(connection).await?.into())
        })
        .await
    }

    async fn list_keys(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
    ) -> StoreResult<Vec<ApiKey>> {
        let of_organization = api_keys::org_id.eq(organization.as_str().to_owned());
        let of_account = api_keys::service_account_id.eq(RowId(account.0));
        let newest_first = api_keys::table
            .filter(of_organization.and(of_account))
            .order((api_keys::created_at.desc(), api_keys::key_id.desc()))
            .limit(KEYS_SHOWN);
        self.database.all(None, newest_first.select(KeyRow::as_select())).await
    }

    async fn delete_key(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
        key: &ApiKeyId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (organization, key) = (organization.as_str().to_owned(), key.as_str().to_owned());
        let of_account = api_keys::service_account_id.eq(RowId(account.0));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = api_keys::table.find((&organization, &key)).filter(of_account);
            if diesel::delete(row).execute(connection).await? == 0 {
                return Ok(Change::None);
            }
            diesel::delete(api_key_locator::table.find(&key)).execute(connection).await?;
            Ok(Change::Made)
        })
        .await
    }

    async fn find_key(&self, key: &ApiKeyId) -> StoreResult<Option<KeyHolder>> {
        let to_key =
            api_keys::org_id.eq(api_key_locator::org_id).and(api_keys::key_id.eq(api_key_locator::key_id));
        let to_account = service_accounts::org_id
            .eq(api_keys::org_id)
            .and(service_accounts::id.eq(api_keys::service_account_id));
        let found = api_key_locator::table
            .inner_join(api_keys::table.on(to_key))
            .inner_join(service_accounts::table.on(to_account))
            .filter(api_key_locator::key_id.eq(key.as_str().to_owned()));
        self.database
            .one::<(KeyRow, AccountRow), _>(
                None,
                found.select((KeyRow::as_select(), AccountRow::as_select())),
            )
            .await
    }

    async fn note_uses(&self, uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)]) -> StoreResult<()> {
        notes::uses(self, uses).await
    }
}
