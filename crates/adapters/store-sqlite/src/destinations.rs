//! The times of recent tests are a list in one row per destination; the only writer makes the count exact.
//!
//! A time is recent while it is within one window of now, on either side: what lies further ahead is from a
//! clock that has been set back since, and would otherwise block its destination for as long.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use strongroom_repository::{DestinationLimitRepository, StoreResult};

use crate::SqliteStore;
use crate::columns::Row;
use crate::deployment::now;
use crate::failure::{Failure, RowKey};
use crate::schema::destination_limits;

const FORGET: &str = "DELETE FROM destination_limits WHERE NOT EXISTS (\
    SELECT 1 FROM json_each(taken_at) WHERE value BETWEEN ?1 AND ?2)";

/// What whoever was refused waits at least: the store's clock counts in milliseconds.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

#[async_trait]
impl DestinationLimitRepository for SqliteStore {
    async fn take(
        &self,
        destination: [u8; 32],
        limit: u32,
        window: Duration,
    ) -> StoreResult<Option<Duration>> {
        if limit == 0 {
            return Ok(Some(window));
        }
        self.database.write(move |connection| take(connection, &destination, limit, window)).await
    }

    async fn forget(&self, window: Duration) -> StoreResult<u64> {
        let window = whole_micros(window);
        let work = move |connection: &mut SqliteConnection| {
            let now = now(connection)?;
            let forgotten = diesel::sql_query(FORGET)
                .bind::<BigInt, _>(now.saturating_sub(window))
                .bind::<BigInt, _>(now.saturating_add(window))
                .execute(connection)?;
            Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
        };
        self.database.write(work).await
    }
}

fn take(
    connection: &mut SqliteConnection,
    destination: &[u8],
    limit: u32,
    window: Duration,
) -> Result<Option<Duration>, Failure> {
    let (now, window) = (now(connection)?, whole_micros(window));
    let mut recent = taken_at(connection, destination)?;
    recent.retain(|at| at.abs_diff(now) <= window.unsigned_abs());
    recent.sort_unstable_by(|one, other| other.cmp(one));
    // One is free once the newest are one fewer than the limit.
    let last = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(1);
    if let Some(at) = recent.get(last) {
        let wait = at.saturating_add(window).saturating_sub(now);
        let wait = Duration::from_micros(u64::try_from(wait).unwrap_or_default());
        return Ok(Some(wait.max(SHORTEST_WAIT)));
    }
    recent.push(now);
    let row = (
        destination_limits::destination_hash.eq(destination),
        destination_limits::taken_at.eq(serde_json::Value::from(recent).to_string()),
    );
    diesel::replace_into(destination_limits::table).values(row).execute(connection)?;
    Ok(None)
}

/// When a destination was tested; nothing when it was not or is forgotten.
fn taken_at(connection: &mut SqliteConnection, destination: &[u8]) -> Result<Vec<i64>, Failure> {
    let row = destination_limits::table.find(destination).select(destination_limits::taken_at);
    let Some(json) = row.first::<String>(connection).optional()? else { return Ok(Vec::new()) };
    let row = Row { table: "destination_limits", organization: "", key: RowKey::Bytes(destination) };
    Ok(row.read("taken_at", serde_json::from_str(&json))?)
}

/// Microseconds, as times are stored.
fn whole_micros(window: Duration) -> i64 {
    i64::try_from(window.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX)
}
