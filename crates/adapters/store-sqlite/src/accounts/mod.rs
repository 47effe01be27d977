mod rows;

use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{ApiKeyId, Evidence, OrganizationId, ServiceAccount, ServiceAccountId};
use strongroom_repository::{KeyHolder, ServiceAccountRepository, StoreError, StoreResult, Unique};
use time::OffsetDateTime;

use crate::SqliteStore;
use crate::columns::{blob, micros};
use crate::failure::{Failure, duplicate};
use crate::schema::{api_key_locator, api_keys, service_accounts};
use rows::{AccountRow, ChangedColumns, KeyRow};

/// At most so many keys of one account are shown.
const KEYS_SHOWN: i64 = 1_000;

fn exists(connection: &mut SqliteConnection, organization: &str, account: &[u8]) -> Result<bool, Failure> {
    let found =
        service_accounts::table.find((organization, account)).count().get_result::<i64>(connection)?;
    Ok(found > 0)
}

/// Removes an account and its keys; `None` when there is none.
fn delete(
    connection: &mut SqliteConnection,
    organization: &str,
    account: &[u8],
) -> Result<Option<()>, Failure> {
    if !exists(connection, organization, account)? {
        return Ok(None);
    }
    let keys = api_keys::table
        .filter(api_keys::org_id.eq(organization).and(api_keys::service_account_id.eq(account)));
    let located =
        api_key_locator::table.filter(api_key_locator::key_id.eq_any(keys.select(api_keys::key_id)));
    diesel::delete(located).execute(connection)?;
    diesel::delete(keys).execute(connection)?;
    diesel::delete(service_accounts::table.find((organization, account))).execute(connection)?;
    Ok(Some(()))
}

/// A key with its account, in one statement.
fn find_key(connection: &mut SqliteConnection, key: &str) -> Result<Option<KeyHolder>, Failure> {
    let to_key =
        api_keys::org_id.eq(api_key_locator::org_id).and(api_keys::key_id.eq(api_key_locator::key_id));
    let to_account = service_accounts::org_id
        .eq(api_keys::org_id)
        .and(service_accounts::id.eq(api_keys::service_account_id));
    let found = api_key_locator::table
        .inner_join(api_keys::table.on(to_key))
        .inner_join(service_accounts::table.on(to_account))
        .filter(api_key_locator::key_id.eq(key))
        .select((KeyRow::as_select(), AccountRow::as_select()))
        .first(connection)
        .optional()?;
    let Some((key, account)) = found else { return Ok(None) };
    Ok(Some(KeyHolder { key: key.into_key()?, account: account.into_account()? }))
}

#[async_trait]
impl ServiceAccountRepository for SqliteStore {
    async fn insert(&self, account: &ServiceAccount, evidence: Evidence) -> StoreResult<()> {
        let row = AccountRow::of(account);
        let mutation = move |connection: &mut SqliteConnection| {
            let insert = diesel::insert_into(service_accounts::table).values(row);
            insert.execute(connection).map_err(duplicate(Unique::Id))?;
            Ok(Some(()))
        };
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
    ) -> StoreResult<Option<ServiceAccount>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let query =
                service_accounts::table.find((organization, blob(id.0))).select(AccountRow::as_select());
            Ok(query.first(connection).optional()?.map(AccountRow::into_account).transpose()?)
        };
        self.database.read(work).await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        offset: u32,
        limit: u32,
    ) -> StoreResult<Vec<ServiceAccount>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let rows = service_accounts::table
                .filter(service_accounts::org_id.eq(organization))
                .select(AccountRow::as_select())
                .order(service_accounts::id.desc())
                .limit(limit.into())
                .offset(offset.into())
                .load(connection)?;
            Ok(rows.into_iter().map(AccountRow::into_account).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }

    async fn replace(
        &self,
        changed: &ServiceAccount,
        read_at: OffsetDateTime,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let key = (changed.organization.as_str().to_owned(), blob(changed.id.0));
        let change = ChangedColumns::of(changed);
        let mutation = move |connection: &mut SqliteConnection| {
            let row =
                service_accounts::table.find(key).filter(service_accounts::updated_at.eq(micros(read_at)));
            match diesel::update(row).set(change).execute(connection)? {
                0 => Err(StoreError::StaleVersion.into()),
                _ => Ok(Some(())),
            }
        };
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let organization = organization.as_str().to_owned();
        let mutation =
            move |connection: &mut SqliteConnection| delete(connection, &organization, &blob(id.0));
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn insert_key(&self, key: &ApiKey, evidence: Evidence) -> StoreResult<bool> {
        let (organization, account) = (key.organization.as_str().to_owned(), blob(key.service_account.0));
        let (id, row) = (key.id.as_str().to_owned(), KeyRow::of(key));
        let mutation = move |connection: &mut SqliteConnection| {
            if !exists(connection, &organization, &account)? {
                return Ok(None);
            }
            let located = (api_key_locator::key_id.eq(id), api_key_locator::org_id.eq(organization));
            let locate = diesel::insert_into(api_key_locator::table).values(located);
            locate.execute(connection).map_err(duplicate(Unique::Id))?;
            diesel::insert_into(api_keys::table)
                .values(row)
                .execute(connection)
                .map_err(duplicate(Unique::Id))?;
            Ok(Some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn list_keys(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
    ) -> StoreResult<Vec<ApiKey>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let rows = api_keys::table
                .filter(
                    api_keys::org_id.eq(organization).and(api_keys::service_account_id.eq(blob(account.0))),
                )
                .select(KeyRow::as_select())
                .order((api_keys::created_at.desc(), api_keys::key_id))
                .limit(KEYS_SHOWN)
                .load(connection)?;
            Ok(rows.into_iter().map(KeyRow::into_key).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }

    async fn delete_key(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
        key: &ApiKeyId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (organization, key) = (organization.as_str().to_owned(), key.as_str().to_owned());
        let mutation = move |connection: &mut SqliteConnection| {
            let of_account = api_keys::service_account_id.eq(blob(account.0));
            let row = api_keys::table.find((&organization, &key)).filter(of_account);
            if diesel::delete(row).execute(connection)? == 0 {
                return Ok(None);
            }
            diesel::delete(api_key_locator::table.find(&key)).execute(connection)?;
            Ok(Some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn find_key(&self, key: &ApiKeyId) -> StoreResult<Option<KeyHolder>> {
        let key = key.as_str().to_owned();
        self.database.read(move |connection| find_key(connection, &key)).await
    }

    async fn note_uses(&self, uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)]) -> StoreResult<()> {
        if uses.is_empty() {
            return Ok(());
        }
        let uses = uses.to_vec();
        let work = move |connection: &mut SqliteConnection| {
            for (organization, key, at) in &uses {
                let earlier = api_keys::last_used_at.is_null().or(api_keys::last_used_at.lt(micros(*at)));
                let row = api_keys::table.find((organization.as_str(), key.as_str()));
                diesel::update(row.filter(earlier.assume_not_null()))
                    .set(api_keys::last_used_at.eq(micros(*at)))
                    .execute(connection)?;
            }
            Ok(())
        };
        self.database.write(work).await
    }
}
