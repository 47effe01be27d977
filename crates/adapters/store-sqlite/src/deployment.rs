use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_repository::{
    DeploymentRepository, KekRecord, StoreError, StoreResult, Unique, WrappedPurposeKey,
};
use strongroom_vault::WrapLedger;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::{Row, blob, integer, micros};
use crate::failure::{BadColumn, Failure, RowKey, duplicate};
use crate::schema::{authorization_flows, credentials, deployment, kek_usage, oauth_apps, purpose_keys};
use crate::{SqliteDatabase, migrations};

/// A wrap was to be counted for a key that the store does not know.
#[derive(Debug, thiserror::Error)]
#[error("key {0} is not registered")]
struct UnregisteredKek(KekId);

/// The store's time in microseconds; SQLite knows it to the millisecond.
pub(crate) fn now(connection: &mut SqliteConnection) -> Result<i64, Failure> {
    let micros = diesel::dsl::sql::<BigInt>("CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000");
    Ok(diesel::select(micros).get_result(connection)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kek_usage)]
struct KekRow {
    kek_id: Vec<u8>,
    name: String,
    check_value: Vec<u8>,
    reserved: i64,
    is_primary: bool,
}

impl KekRow {
    fn into_record(self, in_use: i64) -> Result<KekRecord, BadColumn> {
        let row = Row { table: "kek_usage", organization: "", key: RowKey::Bytes(&self.kek_id) };
        Ok(KekRecord {
            id: KekId(row.bytes("kek_id", &self.kek_id)?),
            check_value: row.bytes("check_value", &self.check_value)?,
            reserved: row.count("reserved", self.reserved)?,
            primary: self.is_primary,
            in_use: row.count("kek_id", in_use)?,
            name: self.name,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = purpose_keys)]
struct PurposeKeyRow {
    id: Vec<u8>,
    purpose: String,
    kek_id: Vec<u8>,
    wrapped: Vec<u8>,
    created_at: i64,
}

impl PurposeKeyRow {
    fn of(key: &WrappedPurposeKey) -> Self {
        Self {
            id: blob(key.id.0),
            purpose: key.purpose.clone(),
            kek_id: key.kek_id.0.to_vec(),
            wrapped: key.wrapped.clone(),
            created_at: micros(key.created_at),
        }
    }

    fn into_key(self) -> Result<WrappedPurposeKey, BadColumn> {
        let row = Row { table: "purpose_keys", organization: "", key: RowKey::Bytes(&self.id) };
        Ok(WrappedPurposeKey {
            id: PurposeKeyId(row.uuid("id", &self.id)?),
            kek_id: KekId(row.bytes("kek_id", &self.kek_id)?),
            created_at: row.time("created_at", self.created_at)?,
            purpose: self.purpose,
            wrapped: self.wrapped,
        })
    }
}

/// How many things each KEK wraps.
fn uses(connection: &mut SqliteConnection) -> Result<BTreeMap<Vec<u8>, i64>, Failure> {
    let mut uses: BTreeMap<Vec<u8>, i64> = purpose_keys::table
        .group_by(purpose_keys::kek_id)
        .select((purpose_keys::kek_id, count_star()))
        .load(connection)?
        .into_iter()
        .collect();
    let sealed: Vec<(Vec<u8>, i64)> = credentials::table
        .group_by(credentials::kek_id)
        .select((credentials::kek_id, count_star()))
        .load(connection)?;
    let apps: Vec<(Vec<u8>, i64)> = oauth_apps::table
        .group_by(oauth_apps::kek_id)
        .select((oauth_apps::kek_id, count_star()))
        .load(connection)?;
    let flows: Vec<(Vec<u8>, i64)> = authorization_flows::table
        .group_by(authorization_flows::kek_id)
        .select((authorization_flows::kek_id, count_star()))
        .load(connection)?;
    for (kek, count) in [sealed, apps, flows].into_iter().flatten() {
        *uses.entry(kek).or_default() += count;
    }
    Ok(uses)
}

fn keks(connection: &mut SqliteConnection) -> Result<Vec<KekRecord>, Failure> {
    let uses = uses(connection)?;
    let rows = kek_usage::table.select(KekRow::as_select()).order(kek_usage::kek_id).load(connection)?;
    let records = rows.into_iter().map(|row| {
        let in_use = uses.get(&row.kek_id).copied().unwrap_or_default();
        row.into_record(in_use)
    });
    Ok(records.collect::<Result<_, _>>()?)
}

#[async_trait]
impl DeploymentRepository for SqliteDatabase {
    async fn deployment_id(&self) -> StoreResult<Uuid> {
        let work = |connection: &mut SqliteConnection| {
            let id: Vec<u8> = deployment::table.select(deployment::id).first(connection)?;
            let row = Row { table: "deployment", organization: "", key: RowKey::Place(1) };
            Ok(row.uuid("id", &id)?)
        };
        self.read(work).await
    }

    async fn keks(&self) -> StoreResult<Vec<KekRecord>> {
        // One transaction, so that the counts and the keys belong to one moment.
        self.read(|connection| connection.transaction(keks)).await
    }

    async fn register_kek(&self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()> {
        let name = name.to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let known: Vec<Vec<u8>> = kek_usage::table.select(kek_usage::kek_id).load(connection)?;
            if known.iter().any(|known| *known == id.0) {
                return Ok(());
            }
            let row = (
                kek_usage::kek_id.eq(id.0.to_vec()),
                kek_usage::name.eq(name),
                kek_usage::check_value.eq(check_value.to_vec()),
                kek_usage::is_primary.eq(known.is_empty()),
            );
            diesel::insert_into(kek_usage::table)
                .values(row)
                .execute(connection)
                .map_err(duplicate(Unique::KekName))?;
            Ok(())
        };
        self.write(work).await
    }

    async fn purpose_keys(&self) -> StoreResult<Vec<WrappedPurposeKey>> {
        let work = |connection: &mut SqliteConnection| {
            let query = purpose_keys::table.select(PurposeKeyRow::as_select());
            let rows = query.order((purpose_keys::created_at, purpose_keys::id)).load(connection)?;
            Ok(rows.into_iter().map(PurposeKeyRow::into_key).collect::<Result<_, _>>()?)
        };
        self.read(work).await
    }

    async fn insert_first_purpose_key(&self, key: &WrappedPurposeKey) -> StoreResult<bool> {
        let row = PurposeKeyRow::of(key);
        let work = move |connection: &mut SqliteConnection| {
            let first = purpose_keys::generation.eq(1);
            let of_purpose = purpose_keys::table.filter(first.and(purpose_keys::purpose.eq(&row.purpose)));
            if of_purpose.count().get_result::<i64>(connection)? > 0 {
                return Ok(false);
            }
            let insert = diesel::insert_into(purpose_keys::table).values((row, first));
            insert.execute(connection).map_err(duplicate(Unique::Id))?;
            Ok(true)
        };
        self.write(work).await
    }

    async fn now(&self) -> StoreResult<OffsetDateTime> {
        let work = |connection: &mut SqliteConnection| {
            let micros = now(connection)?;
            let row = Row { table: "deployment", organization: "", key: RowKey::Text("now") };
            Ok(row.time("now", micros)?)
        };
        self.read(work).await
    }

    async fn migrations_current(&self) -> StoreResult<bool> {
        self.read(migrations::current).await
    }
}

#[async_trait]
impl WrapLedger for SqliteDatabase {
    async fn reserve_wraps(
        &self,
        kek: KekId,
        count: u64,
        limit: u64,
    ) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
        let (Some(_), Ok(count)) = (limit.checked_sub(count), i64::try_from(count)) else { return Ok(None) };
        let room = integer(limit) - count;
        let work = move |connection: &mut SqliteConnection| {
            let record = kek_usage::table.find(kek.0.to_vec());
            let reserved = diesel::update(record.filter(kek_usage::reserved.le(room)))
                .set(kek_usage::reserved.eq(kek_usage::reserved + count))
                .returning(kek_usage::reserved)
                .get_result::<i64>(connection)
                .optional()?;
            if reserved.is_none()
                && kek_usage::table.find(kek.0.to_vec()).count().get_result::<i64>(connection)? == 0
            {
                return Err(StoreError::Corrupt(Box::new(UnregisteredKek(kek))).into());
            }
            let row = Row { table: "kek_usage", organization: "", key: RowKey::Bytes(&kek.0) };
            Ok(reserved.map(|reserved| row.count("reserved", reserved)).transpose()?)
        };
        Ok(self.write(work).await?)
    }
}
