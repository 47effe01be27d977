//! The times of recent tests are an array in one row per destination. Only the server's clock is used.
//!
//! A time is recent while it is within one window of now, before or after. A time that lies further ahead was
//! written by a clock that has been set back since; it would otherwise block its destination until then.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use strongroom_repository::{DestinationLimitRepository, StoreResult};
use strongroom_store_rows::Micros;

use crate::connection::RunQueryDsl;
use crate::failure::{OPERATION_LIMIT, within};
use crate::store::PostgresStore;

/// Takes a test if one is left. No row means that none is. When several takes run at once, each waits for the
/// row and then uses what the one before it left. The clock is read only after these waits: in the conflict
/// after another take, and after the lock in `held` for a clean-up that removes the row.
const TAKE: &str = "
    WITH held AS MATERIALIZED (SELECT FROM destination_limits WHERE destination_hash = $1 FOR UPDATE)
    INSERT INTO destination_limits AS stored (destination_hash, taken_at)
    SELECT $1, ARRAY[clock_timestamp()] FROM (SELECT count(*) AS rows FROM held) AS waited WHERE rows >= 0
    ON CONFLICT (destination_hash) DO UPDATE SET taken_at = ARRAY(
        SELECT at FROM unnest(stored.taken_at) AS recent (at)
        WHERE at BETWEEN clock_timestamp() - $3 * interval '1 us' AND clock_timestamp() + $3 * interval '1 us'
    ) || clock_timestamp()
    WHERE (
        SELECT count(*) FROM unnest(stored.taken_at) AS recent (at)
        WHERE at BETWEEN clock_timestamp() - $3 * interval '1 us' AND clock_timestamp() + $3 * interval '1 us'
    ) < $2";

/// The microseconds until a test is free again: until the oldest of the `limit` newest tests leaves the
/// window. No row means that one is free by now.
const WAIT: &str = "
    SELECT ceil(extract(epoch FROM at - clock_timestamp()) * 1000000)::bigint + $3 AS micros
    FROM destination_limits, unnest(taken_at) AS recent (at)
    WHERE destination_hash = $1
        AND at BETWEEN clock_timestamp() - $3 * interval '1 us' AND clock_timestamp() + $3 * interval '1 us'
    ORDER BY at DESC OFFSET $2 - 1 LIMIT 1";

/// Removes the latest time of a destination.
const GIVE_BACK: &str = "
    UPDATE destination_limits SET taken_at = ARRAY(
        SELECT at FROM unnest(taken_at) AS taken (at) ORDER BY at LIMIT greatest(cardinality(taken_at) - 1, 0)
    ) WHERE destination_hash = $1";

/// Removes destinations without recent tests. Rows that a test or another clean-up holds are skipped, so this
/// never waits.
const FORGET: &str = "
    DELETE FROM destination_limits WHERE destination_hash IN (
        SELECT destination_hash FROM destination_limits WHERE NOT EXISTS (
            SELECT FROM unnest(taken_at) AS recent (at)
            WHERE at BETWEEN clock_timestamp() - $1 * interval '1 us' AND clock_timestamp() + $1 * interval '1 us'
        ) FOR UPDATE SKIP LOCKED
    )";

/// The shortest wait that a refused caller is given.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

#[derive(QueryableByName)]
struct WaitRow {
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

#[async_trait]
impl DestinationLimitRepository for PostgresStore {
    async fn take(
        &self,
        destination: [u8; 32],
        limit: u32,
        window: Duration,
    ) -> StoreResult<Option<Duration>> {
        if limit == 0 {
            return Ok(Some(window));
        }
        let ask = |statement| {
            diesel::sql_query(statement)
                .bind::<Binary, _>(destination)
                .bind::<BigInt, _>(i64::from(limit))
                .bind::<BigInt, _>(Micros::in_micros(window))
        };
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            if ask(TAKE).execute(&mut *connection).await? == 1 {
                return Ok(None);
            }
            let row: Option<WaitRow> = ask(WAIT).get_result(&mut *connection).await.optional()?;
            let wait = row.and_then(|row| u64::try_from(row.micros).ok()).map(Duration::from_micros);
            Ok(Some(wait.unwrap_or_default().max(SHORTEST_WAIT)))
        })
        .await
    }

    async fn give_back(&self, destination: [u8; 32]) -> StoreResult<()> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            diesel::sql_query(GIVE_BACK).bind::<Binary, _>(destination).execute(&mut *connection).await?;
            Ok(())
        })
        .await
    }

    async fn forget(&self, window: Duration) -> StoreResult<u64> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let forgotten = diesel::sql_query(FORGET)
                .bind::<BigInt, _>(Micros::in_micros(window))
                .execute(&mut *connection)
                .await?;
            Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
        })
        .await
    }
}
