//! The times of recent tests are a list in one row per destination. Because there is one writer, the count is
//! exact.
//!
//! A time is recent while it is within one window of now, before or after. A time that lies further ahead was
//! written by a clock that has been set back since; it would otherwise block its destination until then.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use strongroom_domain::violation::Rule;
use strongroom_repository::{DestinationLimitRepository, StoreResult};
use strongroom_store_rows::{Aborted, Micros, RowName};

use crate::connection::{Connection, clock_now};
use crate::store::SqliteStore;

diesel::table! {
    destination_limits (destination_hash) {
        destination_hash -> Binary,
        taken_at -> Text,
    }
}

const FORGET: &str = "DELETE FROM destination_limits WHERE NOT EXISTS (\
    SELECT 1 FROM json_each(taken_at) WHERE value BETWEEN ?1 AND ?2)";

/// The shortest wait that a refused caller is given: the store's clock counts in milliseconds.
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
        let work = async move |connection: &mut Connection| take(connection, &destination, limit, window);
        self.database.alone(work).await
    }

    async fn give_back(&self, destination: [u8; 32]) -> StoreResult<()> {
        let work = async move |connection: &mut Connection| {
            let mut taken = taken_at(connection, &destination)?;
            taken.sort_unstable();
            if taken.pop().is_none() {
                return Ok(());
            }
            put(connection, &destination, taken)
        };
        self.database.alone(work).await
    }

    async fn forget(&self, window: Duration) -> StoreResult<u64> {
        let window = Micros::in_micros(window);
        let work = async move |connection: &mut Connection| {
            let now = now(connection)?;
            let forgotten = diesel::sql_query(FORGET)
                .bind::<BigInt, _>(now.saturating_sub(window))
                .bind::<BigInt, _>(now.saturating_add(window))
                .execute(connection)?;
            Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
        };
        self.database.alone(work).await
    }
}

fn take(
    connection: &mut Connection,
    destination: &[u8],
    limit: u32,
    window: Duration,
) -> Result<Option<Duration>, Aborted> {
    let (now, window) = (now(connection)?, Micros::in_micros(window));
    let mut recent = taken_at(connection, destination)?;
    recent.retain(|at| at.abs_diff(now) <= window.unsigned_abs());
    recent.sort_unstable_by(|one, other| other.cmp(one));
    // A test is free again when the oldest of the `limit` newest tests leaves the window.
    let last = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(1);
    if let Some(at) = recent.get(last) {
        let wait = at.saturating_add(window).saturating_sub(now);
        let wait = Duration::from_micros(u64::try_from(wait).unwrap_or_default());
        return Ok(Some(wait.max(SHORTEST_WAIT)));
    }
    recent.push(now);
    put(connection, destination, recent)?;
    Ok(None)
}

fn put(connection: &mut Connection, destination: &[u8], taken_at: Vec<i64>) -> Result<(), Aborted> {
    let row = (
        destination_limits::destination_hash.eq(destination),
        destination_limits::taken_at.eq(serde_json::Value::from(taken_at).to_string()),
    );
    diesel::replace_into(destination_limits::table).values(row).execute(connection)?;
    Ok(())
}

/// The times at which a destination was tested. It is empty when there was no test, or when the row has been
/// removed.
fn taken_at(connection: &mut Connection, destination: &[u8]) -> Result<Vec<i64>, Aborted> {
    let row = destination_limits::table.find(destination).select(destination_limits::taken_at);
    let Some(json) = row.first::<String>(connection).optional()? else { return Ok(Vec::new()) };
    let row = RowName { table: "destination_limits", organization: "", id: &Hexadecimal(destination) };
    let times = serde_json::from_str(&json).map_err(|_| Rule::fixed("must be a JSON array of times"));
    Ok(row.column("taken_at", times)?)
}

fn now(connection: &mut Connection) -> Result<i64, Aborted> {
    let now: Micros = diesel::select(clock_now()).get_result(connection)?;
    Ok(now.since_1970())
}

/// Bytes in the hexadecimal form of error messages.
struct Hexadecimal<'b>(&'b [u8]);

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
