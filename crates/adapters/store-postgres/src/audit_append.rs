//! Appends batches of events in transactions of their own, which wait for no longer than the port allows.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use strongroom_domain::AuditEvent;
use strongroom_repository::{Appended, Contention, StoreResult};
use strongroom_store_rows::Aborted;
use strongroom_store_rows::schema::audit_heads;

use crate::audit_chain;
use crate::connection::{Connection, RunQueryDsl};
use crate::failure::within;
use crate::store::Store;

/// The port promises an answer within 2 s.
const APPEND_LIMIT: Duration = Duration::from_millis(1_900);
/// A wait for a head ends before that, so that the connection survives it.
const WAIT_FOR_HEADS: &str = "SET LOCAL lock_timeout = '1700ms'";
/// Making the head of a new chain waits only for another one who makes it too.
const WAIT_FOR_NEW_HEADS: &str = "SET LOCAL lock_timeout = '100ms'";

/// What came of one transaction over a batch.
enum Attempt {
    /// The places of the events; `None` where the head was not to be had.
    Written(Vec<Option<u64>>),
    /// Nothing was written, because these chains have no head yet.
    Headless(BTreeSet<String>),
}

/// Appends events, each to the chain of its organisation, in one transaction.
pub(crate) async fn append(
    store: &Store,
    events: &[AuditEvent],
    contention: Contention,
) -> StoreResult<Vec<Appended>> {
    let appended = |place: Option<u64>| place.map_or(Appended::Skipped, |seq| Appended::Durable { seq });
    let places = within(APPEND_LIMIT, || append_all(store, events, contention)).await?;
    Ok(places.into_iter().map(appended).collect())
}

async fn append_all(
    store: &Store,
    events: &[AuditEvent],
    contention: Contention,
) -> Result<Vec<Option<u64>>, Aborted> {
    let mut connection = store.database.checkout().await?;
    let missing = match append_once(store, &mut connection, events, contention, true).await? {
        Attempt::Written(places) => return Ok(places),
        Attempt::Headless(missing) => missing,
    };
    // In a transaction of its own: heads that are made while others are held would break the lock order.
    create_heads(&mut connection, &missing, contention).await?;
    match append_once(store, &mut connection, events, contention, false).await? {
        Attempt::Written(places) => Ok(places),
        Attempt::Headless(_) => Err(audit_chain::headless()),
    }
}

/// `BEGIN`, lock, write, `COMMIT`; a fifth statement only when heads were skipped or missing.
async fn append_once(
    store: &Store,
    connection: &mut Connection,
    events: &[AuditEvent],
    contention: Contention,
    first: bool,
) -> Result<Attempt, Aborted> {
    let organizations = audit_chain::organizations(events);
    connection
        .transaction(async |connection| {
            if contention == Contention::Wait {
                connection.batch_execute(WAIT_FOR_HEADS).await?;
            }
            let heads = audit_chain::lock(connection, &organizations, contention).await?;
            let absent: Vec<&str> =
                organizations.iter().copied().filter(|id| !heads.contains_key(id)).collect();
            let missing = match contention {
                // Who waits gets every head there is. One that has appeared meanwhile counts as missing too,
                // so that it is looked for again.
                Contention::Wait => absent.into_iter().map(str::to_owned).collect(),
                Contention::Skip if first && !absent.is_empty() => missing_heads(connection, &absent).await?,
                Contention::Skip => BTreeSet::new(),
            };
            if !missing.is_empty() {
                return Ok(Attempt::Headless(missing));
            }
            Ok(Attempt::Written(audit_chain::write(connection, &*store.keys, heads, events).await?))
        })
        .await
}

/// Those organisations without a head, as opposed to those whose head another transaction holds.
async fn missing_heads(connection: &mut Connection, absent: &[&str]) -> Result<BTreeSet<String>, Aborted> {
    let heads = audit_heads::table.filter(audit_heads::org_id.eq_any(absent));
    let existing: Vec<String> = heads.select(audit_heads::org_id).load(connection).await?;
    let missing = absent.iter().filter(|id| !existing.iter().any(|found| found == *id));
    Ok(missing.map(|id| (*id).to_owned()).collect())
}

async fn create_heads(
    connection: &mut Connection,
    missing: &BTreeSet<String>,
    contention: Contention,
) -> Result<(), Aborted> {
    let created = connection.transaction(async |connection| {
        let wait = if contention == Contention::Skip { WAIT_FOR_NEW_HEADS } else { WAIT_FOR_HEADS };
        connection.batch_execute(wait).await?;
        audit_chain::create_heads(connection, missing.iter().map(String::as_str)).await
    });
    match (created.await, contention) {
        // Somebody holds on to a new chain's head: its events are skipped, the others go on.
        (Err(Aborted::Database(Error::DatabaseError(..))), Contention::Skip) => Ok(()),
        (created, _) => created,
    }
}
