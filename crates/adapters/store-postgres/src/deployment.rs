use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Binary, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_repository::{
    DeploymentRepository, KekRecord, Source, StoreError, StoreResult, WrappedPurposeKey,
};
use strongroom_vault::WrapLedger;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bad_row::RowName;
use crate::database::{OpenError, PostgresDatabase};
use crate::failure::{OPERATION_LIMIT, within};
use crate::schema::{authorization_flows, credentials, deployment, kek_usage, oauth_apps, purpose_keys};

/// Adds a KEK, primary when no other is. Of two first ones at once the index on `is_primary` refuses one.
const REGISTER_KEK: &str = "INSERT INTO kek_usage (kek_id, name, check_value, is_primary)
    SELECT $1, $2, $3, NOT EXISTS (SELECT FROM kek_usage WHERE is_primary)
    ON CONFLICT (kek_id) DO NOTHING";

/// It can lose once against another first KEK and once against the same KEK; then the name itself is taken.
const REGISTER_ATTEMPTS: usize = 3;

const INSERT_FIRST_PURPOSE_KEY: &str =
    "INSERT INTO purpose_keys (id, purpose, kek_id, wrapped, created_at, is_first)
    SELECT $1, $2, $3, $4, $5, true WHERE NOT EXISTS (SELECT FROM purpose_keys WHERE purpose = $2)
    ON CONFLICT (purpose) WHERE is_first DO NOTHING";

#[derive(Queryable)]
struct KekRow {
    kek_id: Vec<u8>,
    name: String,
    check_value: Vec<u8>,
    reserved: i64,
    is_primary: bool,
}

type PurposeKeyRow = (Uuid, String, Vec<u8>, Vec<u8>, OffsetDateTime);

#[async_trait]
impl DeploymentRepository for PostgresDatabase {
    async fn deployment_id(&self) -> StoreResult<Uuid> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            Ok(deployment::table.select(deployment::id).get_result(&mut *connection).await?)
        })
        .await
    }

    async fn keks(&self) -> StoreResult<Vec<KekRecord>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            let rows: Vec<KekRow> = kek_usage::table.order(kek_usage::name).load(&mut *connection).await?;
            let sealed: Vec<(Vec<u8>, i64)> = credentials::table
                .group_by(credentials::kek_id)
                .select((credentials::kek_id, count_star()))
                .load(&mut *connection)
                .await?;
            let apps: Vec<(Vec<u8>, i64)> = oauth_apps::table
                .group_by(oauth_apps::kek_id)
                .select((oauth_apps::kek_id, count_star()))
                .load(&mut *connection)
                .await?;
            let flows: Vec<(Vec<u8>, i64)> = authorization_flows::table
                .group_by(authorization_flows::kek_id)
                .select((authorization_flows::kek_id, count_star()))
                .load(&mut *connection)
                .await?;
            let wrapped: Vec<(Vec<u8>, i64)> = purpose_keys::table
                .group_by(purpose_keys::kek_id)
                .select((purpose_keys::kek_id, count_star()))
                .load(&mut *connection)
                .await?;
            let mut uses = BTreeMap::<Vec<u8>, i64>::new();
            for (kek, count) in [sealed, apps, flows, wrapped].into_iter().flatten() {
                *uses.entry(kek).or_default() += count;
            }
            Ok(rows.into_iter().map(|row| row.into_record(&uses)).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn register_kek(&self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            let insert = || {
                diesel::sql_query(REGISTER_KEK)
                    .bind::<Binary, _>(id.0.to_vec())
                    .bind::<Text, _>(name)
                    .bind::<Binary, _>(check_value.to_vec())
            };
            for _ in 1..REGISTER_ATTEMPTS {
                match insert().execute(&mut *connection).await {
                    // Somebody registered at the same moment: this KEK, or another first one. Look again.
                    Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
                    outcome => return Ok(outcome.map(|_| ())?),
                }
            }
            insert().execute(&mut *connection).await?;
            Ok(())
        })
        .await
    }

    async fn purpose_keys(&self) -> StoreResult<Vec<WrappedPurposeKey>> {
        use purpose_keys::dsl;
        within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            let rows: Vec<PurposeKeyRow> = dsl::purpose_keys
                .select((dsl::id, dsl::purpose, dsl::kek_id, dsl::wrapped, dsl::created_at))
                .order((dsl::created_at, dsl::id))
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(read_purpose_key).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn insert_first_purpose_key(&self, key: &WrappedPurposeKey) -> StoreResult<bool> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            let stored = diesel::sql_query(INSERT_FIRST_PURPOSE_KEY)
                .bind::<SqlUuid, _>(key.id.0)
                .bind::<Text, _>(&key.purpose)
                .bind::<Binary, _>(key.kek_id.0.to_vec())
                .bind::<Binary, _>(&key.wrapped)
                .bind::<Timestamptz, _>(key.created_at)
                .execute(&mut *connection)
                .await?;
            Ok(stored == 1)
        })
        .await
    }

    async fn now(&self) -> StoreResult<OffsetDateTime> {
        self.server_time().await
    }

    async fn migrations_current(&self) -> StoreResult<bool> {
        match self.check_schema().await {
            Ok(()) => Ok(true),
            Err(OpenError::OlderSchema { .. } | OpenError::NewerSchema { .. }) => Ok(false),
            Err(error) => Err(StoreError::Unavailable(Box::new(error))),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("key {0} is not known to the store")]
struct UnknownKek(KekId);

#[async_trait]
impl WrapLedger for PostgresDatabase {
    async fn reserve_wraps(&self, kek: KekId, count: u64, limit: u64) -> Result<Option<u64>, Source> {
        use kek_usage::dsl;
        let Some(room) = limit.checked_sub(count) else { return Ok(None) };
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let count = i64::try_from(count)?;
        let id = kek.0.as_slice();
        let (reserved, known) = within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            let row = dsl::kek_usage.filter(dsl::kek_id.eq(id).and(dsl::reserved.le(room)));
            let reserved: Option<i64> = diesel::update(row)
                .set(dsl::reserved.eq(dsl::reserved + count))
                .returning(dsl::reserved)
                .get_result(&mut *connection)
                .await
                .optional()?;
            let known = match reserved {
                Some(_) => true,
                None => {
                    let row = dsl::kek_usage.filter(dsl::kek_id.eq(id));
                    diesel::select(diesel::dsl::exists(row)).get_result(&mut *connection).await?
                }
            };
            Ok((reserved, known))
        })
        .await?;
        if known { Ok(reserved.map(u64::try_from).transpose()?) } else { Err(Box::new(UnknownKek(kek))) }
    }
}

impl KekRow {
    fn into_record(self, uses: &BTreeMap<Vec<u8>, i64>) -> StoreResult<KekRecord> {
        let in_use = uses.get(&self.kek_id).copied().unwrap_or(0);
        let row = RowName { table: "kek_usage", organization: "", id: &self.name };
        Ok(KekRecord {
            id: KekId(row.bytes("kek_id", self.kek_id)?),
            check_value: row.bytes("check_value", self.check_value)?,
            reserved: row.counter("reserved", self.reserved)?,
            in_use: row.counter("in_use", in_use)?,
            name: self.name.clone(),
            primary: self.is_primary,
        })
    }
}

fn read_purpose_key(
    (id, purpose, kek_id, wrapped, created_at): PurposeKeyRow,
) -> StoreResult<WrappedPurposeKey> {
    let row = RowName { table: "purpose_keys", organization: "", id: &id };
    let kek_id = KekId(row.bytes("kek_id", kek_id)?);
    Ok(WrappedPurposeKey { id: PurposeKeyId(id), purpose, kek_id, wrapped, created_at })
}
