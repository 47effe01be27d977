use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{ApiKeyId, Evidence, OrganizationId, ServiceAccount, ServiceAccountId};
use strongroom_repository::{KeyHolder, ServiceAccountRepository, StoreError, StoreResult};
use time::OffsetDateTime;

use crate::PostgresStore;
use crate::audit_chain;
use crate::failure::{Failure, OPERATION_LIMIT, found_within, within};
use crate::schema::{api_key_locator, api_keys, service_accounts};
use crate::service_account_row::{AccountChanges, AccountRow, KeyRow, NewAccount, NewKey};

/// Rows are locked in the order of their keys, so that two instances noting the same rows never deadlock.
const NOTE_USES: &str = "
    UPDATE api_keys AS k SET last_used_at = greatest(k.last_used_at, noted.at)
    FROM (
        SELECT k.org_id, k.key_id, n.at
        FROM api_keys AS k
        JOIN unnest($1, $2, $3) AS n (org_id, key_id, at) ON k.org_id = n.org_id AND k.key_id = n.key_id
        ORDER BY k.org_id, k.key_id FOR UPDATE OF k
    ) AS noted
    WHERE k.org_id = noted.org_id AND k.key_id = noted.key_id";

#[async_trait]
impl ServiceAccountRepository for PostgresStore {
    async fn insert(&self, account: &ServiceAccount, evidence: Evidence) -> StoreResult<()> {
        within(OPERATION_LIMIT, || self.try_insert_account(account, &evidence)).await
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
    ) -> StoreResult<Option<ServiceAccount>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let row = service_accounts::table
                .find((organization.as_str(), id.0))
                .select(AccountRow::as_select())
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(AccountRow::read).transpose()?)
        })
        .await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        offset: u32,
        limit: u32,
    ) -> StoreResult<Vec<ServiceAccount>> {
        use service_accounts::dsl;
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<AccountRow> = dsl::service_accounts
                .filter(dsl::org_id.eq(organization.as_str()))
                .order(dsl::id.desc())
                .offset(i64::from(offset))
                .limit(i64::from(limit))
                .select(AccountRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(AccountRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn replace(
        &self,
        changed: &ServiceAccount,
        read_at: OffsetDateTime,
        evidence: Evidence,
    ) -> StoreResult<()> {
        within(OPERATION_LIMIT, || self.try_replace_account(changed, read_at, &evidence)).await
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_delete_account(organization, id, &evidence)).await
    }

    async fn insert_key(&self, key: &ApiKey, evidence: Evidence) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_insert_key(key, &evidence)).await
    }

    async fn list_keys(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
    ) -> StoreResult<Vec<ApiKey>> {
        use api_keys::dsl;
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<KeyRow> = dsl::api_keys
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::service_account_id.eq(account.0)))
                .order((dsl::created_at.desc(), dsl::key_id.desc()))
                .limit(1_000)
                .select(KeyRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(KeyRow::read).collect::<StoreResult<_>>()?)
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
        found_within(OPERATION_LIMIT, || self.try_delete_key(organization, account, key, &evidence)).await
    }

    async fn find_key(&self, key: &ApiKeyId) -> StoreResult<Option<KeyHolder>> {
        let account_of_key = service_accounts::org_id
            .eq(api_keys::org_id)
            .and(service_accounts::id.eq(api_keys::service_account_id));
        let located =
            api_keys::org_id.eq(api_key_locator::org_id).and(api_keys::key_id.eq(api_key_locator::key_id));
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let row: Option<(KeyRow, AccountRow)> = api_key_locator::table
                .inner_join(api_keys::table.on(located))
                .inner_join(service_accounts::table.on(account_of_key))
                .filter(api_key_locator::key_id.eq(key.as_str()))
                .select((KeyRow::as_select(), AccountRow::as_select()))
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(match row {
                Some((key, account)) => Some(KeyHolder { key: key.read()?, account: account.read()? }),
                None => None,
            })
        })
        .await
    }

    async fn note_uses(&self, uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)]) -> StoreResult<()> {
        let mut latest = BTreeMap::new();
        for (organization, key, at) in uses {
            let noted = latest.entry((organization.as_str(), key.as_str())).or_insert(*at);
            *noted = (*noted).max(*at);
        }
        if latest.is_empty() {
            return Ok(());
        }
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            diesel::sql_query(NOTE_USES)
                .bind::<Array<Text>, _>(
                    latest.keys().map(|(organization, _)| *organization).collect::<Vec<_>>(),
                )
                .bind::<Array<Text>, _>(latest.keys().map(|(_, key)| *key).collect::<Vec<_>>())
                .bind::<Array<Timestamptz>, _>(latest.values().copied().collect::<Vec<_>>())
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }
}

impl PostgresStore {
    async fn try_insert_account(&self, account: &ServiceAccount, evidence: &Evidence) -> Result<(), Failure> {
        let row = NewAccount::of(account);
        let mut connection = self.database.checkout().await?;
        connection
            .transaction(async |connection| {
                diesel::insert_into(service_accounts::table).values(&row).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_replace_account(
        &self,
        changed: &ServiceAccount,
        read_at: OffsetDateTime,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let changes = AccountChanges::of(changed);
        let mut connection = self.database.checkout().await?;
        connection
            .transaction(async |connection| {
                let as_read = service_accounts::table
                    .find((changed.organization.as_str(), changed.id.0))
                    .filter(service_accounts::updated_at.eq(read_at));
                if diesel::update(as_read).set(&changes).execute(connection).await? == 0 {
                    return Err(StoreError::StaleVersion.into());
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_delete_account(
        &self,
        organization: &OrganizationId,
        id: ServiceAccountId,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let mut connection = self.database.checkout().await?;
        connection
            .transaction(async |connection| {
                // From here on no key can be added to it.
                service_accounts::table
                    .find((organization.as_str(), id.0))
                    .select(service_accounts::id)
                    .for_update()
                    .get_result::<uuid::Uuid>(connection)
                    .await
                    .optional()?
                    .ok_or(Failure::Absent)?;
                let keys = api_keys::table.filter(
                    api_keys::org_id.eq(organization.as_str()).and(api_keys::service_account_id.eq(id.0)),
                );
                let located = api_key_locator::table
                    .filter(api_key_locator::key_id.eq_any(keys.select(api_keys::key_id)));
                diesel::delete(located).execute(connection).await?;
                diesel::delete(keys).execute(connection).await?;
                let account = service_accounts::table.find((organization.as_str(), id.0));
                diesel::delete(account).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_insert_key(&self, key: &ApiKey, evidence: &Evidence) -> Result<(), Failure> {
        let mut connection = self.database.checkout().await?;
        connection
            .transaction(async |connection| {
                // Keeps the account from being deleted before this commits.
                service_accounts::table
                    .find((key.organization.as_str(), key.service_account.0))
                    .select(service_accounts::id)
                    .for_key_share()
                    .get_result::<uuid::Uuid>(connection)
                    .await
                    .optional()?
                    .ok_or(Failure::Absent)?;
                diesel::insert_into(api_key_locator::table)
                    .values((
                        api_key_locator::key_id.eq(key.id.as_str()),
                        api_key_locator::org_id.eq(key.organization.as_str()),
                    ))
                    .execute(connection)
                    .await?;
                diesel::insert_into(api_keys::table).values(NewKey::of(key)).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_delete_key(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
        key: &ApiKeyId,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let mut connection = self.database.checkout().await?;
        connection
            .transaction(async |connection| {
                let this = api_keys::table
                    .find((organization.as_str(), key.as_str()))
                    .filter(api_keys::service_account_id.eq(account.0));
                if diesel::delete(this).execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                diesel::delete(api_key_locator::table.find(key.as_str())).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }
}
