use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_repository::{
    DeploymentRepository, KekRecord, Source, StoreError, StoreResult, WrappedPurposeKey,
};
use strongroom_store_rows::schema::{
    api_keys, audit_events, audit_heads, authorization_flows, credentials, deployment, kek_usage, oauth_apps,
    organization_keys, purpose_keys,
};
use strongroom_store_rows::{Aborted, KekRow, Micros, PurposeKeyRow, RowId, RowName, TriggerRow, bound};
use strongroom_vault::WrapLedger;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::connection::{Connection, RunQueryDsl, clock_now, is_first};
use crate::database::Database;
use crate::triggers;

/// Registering can lose once against another first KEK and once against the same KEK; then the name itself is
/// taken.
const REGISTER_ATTEMPTS: usize = 3;

/// A wrap was to be counted for a key that the store does not know.
#[derive(Debug, thiserror::Error)]
#[error("key {0} is not registered")]
struct UnregisteredKek(KekId);

#[async_trait]
impl DeploymentRepository for Database {
    async fn deployment_id(&self) -> StoreResult<Uuid> {
        let id: Option<RowId> = self.row(None, deployment::table.select(deployment::id)).await?;
        id.map(|id| id.0).ok_or_else(|| StoreError::Corrupt(Box::new(Error::NotFound)))
    }

    async fn keks(&self) -> StoreResult<Vec<KekRecord>> {
        self.ask(async |connection: &mut Connection| {
            let uses = uses(connection).await?;
            let rows: Vec<KekRow> =
                kek_usage::table.order(kek_usage::name).select(KekRow::as_select()).load(connection).await?;
            Ok(rows.into_iter().map(|row| row.read(&uses)).collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn register_kek(&self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()> {
        let name = name.to_owned();
        self.alone(async move |connection: &mut Connection| {
            let insert = || {
                // It is primary when no other is. Of two first ones at once the index on `is_primary` refuses
                // one.
                let primary = not(exists(kek_usage::table.filter(kek_usage::is_primary)));
                let row = (
                    kek_usage::kek_id.eq(id.0.as_slice()),
                    kek_usage::name.eq(&name),
                    kek_usage::check_value.eq(check_value.as_slice()),
                    kek_usage::is_primary.eq(primary),
                );
                diesel::insert_into(kek_usage::table).values(row).on_conflict(kek_usage::kek_id).do_nothing()
            };
            for _ in 1..REGISTER_ATTEMPTS {
                match insert().execute(connection).await {
                    // Somebody registered at the same moment: this KEK, or another first one. Look again.
                    Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
                    outcome => return Ok(outcome.map(|_| ())?),
                }
            }
            insert().execute(connection).await?;
            Ok(())
        })
        .await
    }

    async fn purpose_keys(&self) -> StoreResult<Vec<WrappedPurposeKey>> {
        let oldest_first = purpose_keys::table.order((purpose_keys::created_at, purpose_keys::id));
        self.all(None, oldest_first.select(PurposeKeyRow::as_select())).await
    }

    async fn insert_first_purpose_key(&self, key: &WrappedPurposeKey) -> StoreResult<bool> {
        let (row, purpose) = (PurposeKeyRow::of(key), key.purpose.clone());
        self.alone(async move |connection: &mut Connection| {
            let of_purpose = purpose_keys::table.filter(purpose_keys::purpose.eq(&purpose));
            if of_purpose.count().get_result::<i64>(connection).await? > 0 {
                return Ok(false);
            }
            let insert = diesel::insert_into(purpose_keys::table).values((&row, is_first()));
            Ok(insert.on_conflict_do_nothing().execute(connection).await? == 1)
        })
        .await
    }

    async fn now(&self) -> StoreResult<OffsetDateTime> {
        let now: Option<Micros> = self.row(None, diesel::select(clock_now())).await?;
        let row = RowName { table: "deployment", organization: "", id: &"now" };
        match now {
            Some(now) => Ok(row.time("now", now)?),
            None => Err(StoreError::Corrupt(Box::new(Error::NotFound))),
        }
    }

    async fn purpose_keys_in_use(&self) -> StoreResult<Vec<PurposeKeyId>> {
        self.ask(async |connection: &mut Connection| {
            let digested = api_keys::table.select(api_keys::digest_key).distinct();
            let mut used: Vec<RowId> = digested.load(connection).await?;
            let last =
                audit_events::org_id.eq(audit_heads::org_id).and(audit_events::seq.eq(audit_heads::seq));
            let signed = audit_heads::table
                .inner_join(audit_events::table.on(last))
                .select(audit_events::mac_key)
                .order(audit_heads::org_id)
                .limit(1_000);
            used.extend(signed.load::<RowId>(connection).await?);
            used.sort_unstable_by_key(|id| id.0);
            used.dedup_by_key(|id| id.0);
            Ok(used.into_iter().map(|id| PurposeKeyId(id.0)).collect())
        })
        .await
    }

    async fn check_writable(&self) -> StoreResult<()> {
        self.has_room()?;
        self.alone(async |connection: &mut Connection| {
            let same = deployment::id.eq(deployment::id);
            diesel::update(deployment::table).set(same).execute(connection).await?;
            Ok(())
        })
        .await
    }

    async fn changed_triggers(&self) -> StoreResult<Vec<String>> {
        let found = self
            .ask(async |connection: &mut Connection| {
                Ok(diesel::sql_query(triggers::FIND).load::<TriggerRow>(connection).await?)
            })
            .await?;
        Ok(TriggerRow::changed(&found, &triggers::OURS))
    }

    async fn migrations_current(&self) -> StoreResult<bool> {
        self.is_current().await
    }
}

/// How many stored things each root key wraps.
async fn uses(connection: &mut Connection) -> Result<BTreeMap<Vec<u8>, i64>, Aborted> {
    let purposes: Vec<(Vec<u8>, i64)> = purpose_keys::table
        .group_by(purpose_keys::kek_id)
        .select((purpose_keys::kek_id, count_star()))
        .load(connection)
        .await?;
    let organizations: Vec<(Vec<u8>, i64)> = organization_keys::table
        .group_by(organization_keys::root_id)
        .select((organization_keys::root_id, count_star()))
        .load(connection)
        .await?;
    // Envelopes of format 2 name a key of their organisation, so only those of format 1 are counted here.
    let roots = kek_usage::table.select(kek_usage::kek_id);
    let sealed: Vec<(Vec<u8>, i64)> = credentials::table
        .filter(credentials::kek_id.eq_any(roots))
        .group_by(credentials::kek_id)
        .select((credentials::kek_id, count_star()))
        .load(connection)
        .await?;
    let apps: Vec<(Vec<u8>, i64)> = oauth_apps::table
        .filter(oauth_apps::kek_id.eq_any(roots))
        .group_by(oauth_apps::kek_id)
        .select((oauth_apps::kek_id, count_star()))
        .load(connection)
        .await?;
    let flows: Vec<(Vec<u8>, i64)> = authorization_flows::table
        .filter(authorization_flows::kek_id.eq_any(roots))
        .group_by(authorization_flows::kek_id)
        .select((authorization_flows::kek_id, count_star()))
        .load(connection)
        .await?;
    let mut uses = BTreeMap::new();
    for (root, count) in [purposes, organizations, sealed, apps, flows].into_iter().flatten() {
        *uses.entry(root).or_default() += count;
    }
    Ok(uses)
}

#[async_trait]
impl WrapLedger for Database {
    async fn reserve_wraps(&self, kek: KekId, count: u64, limit: u64) -> Result<Option<u64>, Source> {
        let (Some(_), Ok(count)) = (limit.checked_sub(count), i64::try_from(count)) else { return Ok(None) };
        let room = bound(limit) - count;
        let reserved = self.alone(async move |connection: &mut Connection| {
            let row = kek_usage::table.find(kek.0.as_slice());
            let reserved: Option<i64> = diesel::update(row.filter(kek_usage::reserved.le(room)))
                .set(kek_usage::reserved.eq(kek_usage::reserved + count))
                .returning(kek_usage::reserved)
                .get_result(connection)
                .await
                .optional()?;
            if reserved.is_none() && row.count().get_result::<i64>(connection).await? == 0 {
                return Err(StoreError::Corrupt(Box::new(UnregisteredKek(kek))).into());
            }
            let row = RowName { table: "kek_usage", organization: "", id: &kek };
            Ok(reserved.map(|reserved| row.counter("reserved", reserved)).transpose()?)
        });
        Ok(reserved.await?)
    }
}
