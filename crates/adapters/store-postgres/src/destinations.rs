//! The times of recent tests are an array in one row per destination; the server's clock is the only one.
//!
//! A time is recent while it is within one window of now, on either side: what lies further ahead is from a
//! clock that has been set back since, and would otherwise block its destination for as long.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use strongroom_repository::{DestinationLimitRepository, StoreResult};
use strongroom_store_rows::Micros;

use crate::connection::RunQueryDsl;
use crate::failure::{OPERATION_LIMIT, within};
use crate::store::PostgresStore;

/// Takes a test if there is one. No row means none. Of takes at once each waits for the row and then judges
/// what the one before it left. The clock is read only then: after the wait for another take in the conflict,
/// after that for a clean-up which removes the row in `held`.
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

/// Microseconds until the newest tests are one fewer than the limit. No row means that one is free by now.
const WAIT: &str = "
    SELECT ceil(extract(epoch FROM at - clock_timestamp()) * 1000000)::bigint + $3 AS micros
    FROM destination_limits, unnest(taken_at) AS recent (at)
    WHERE destination_hash = $1
        AND at BETWEEN clock_timestamp() - $3 * interval '1 us' AND clock_timestamp() + $3 * interval '1 us'
    ORDER BY at DESC OFFSET $2 - 1 LIMIT 1";

/// Rows that a test or another clean-up holds are passed over, so this waits for nobody.
const FORGET: &str = "
    DELETE FROM destination_limits WHERE destination_hash IN (
        SELECT destination_hash FROM destination_limits WHERE NOT EXISTS (
            SELECT FROM unnest(taken_at) AS recent (at)
            WHERE at BETWEEN clock_timestamp() - $1 * interval '1 us' AND clock_timestamp() + $1 * interval '1 us'
        ) FOR UPDATE SKIP LOCKED
    )";

/// What whoever was refused waits at least.
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
