//! Extends audit chains inside a transaction: lock the heads in ascending order, sign, write rows and heads.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use strongroom_domain::AuditEvent;
use strongroom_domain::audit::{AuditHead, GENESIS};
use strongroom_repository::{Contention, StoreError};
use strongroom_store_rows::schema::audit_heads;
use strongroom_store_rows::{Aborted, HeadRow, Micros, RowId, RowName, Stored};
use strongroom_vault::{Purpose, PurposeKeys, VaultError};

use crate::connection::{Connection, RunQueryDsl, clock_now};
use crate::record_query::WriteRecords;

/// A head that this transaction holds, and the server's time when it got it.
pub(crate) struct LockedHead {
    chain: AuditHead,
    at: Micros,
}

/// Heads by organisation, so in the order of their locks.
pub(crate) type LockedHeads<'e> = BTreeMap<&'e str, LockedHead>;

/// The organisations of events, ascending, each once.
pub(crate) fn organizations<'e>(events: impl IntoIterator<Item = &'e AuditEvent>) -> BTreeSet<&'e str> {
    events.into_iter().map(|event| event.organization.as_str()).collect()
}

/// Records the evidence of a mutation as the last thing that its transaction does.
pub(crate) async fn record(
    connection: &mut Connection,
    keys: &dyn PurposeKeys,
    events: &[&AuditEvent],
) -> Result<(), Aborted> {
    let organizations = organizations(events.iter().copied());
    let mut heads = lock(connection, &organizations, Contention::Wait).await?;
    if heads.len() < organizations.len() {
        create_heads(connection, organizations.iter().copied().filter(|id| !heads.contains_key(id))).await?;
        heads = lock(connection, &organizations, Contention::Wait).await?;
    }
    let places = write(connection, keys, heads, events.iter().copied()).await?;
    if places.iter().all(Option::is_some) { Ok(()) } else { Err(headless()) }
}

/// Locks those heads that exist, in one statement and in ascending order. With [`Contention::Skip`] it
/// passes over heads that another transaction holds.
pub(crate) async fn lock<'e>(
    connection: &mut Connection,
    organizations: &BTreeSet<&'e str>,
    contention: Contention,
) -> Result<LockedHeads<'e>, Aborted> {
    let wanted: Vec<&str> = organizations.iter().copied().collect();
    let query = audit_heads::table
        .filter(audit_heads::org_id.eq_any(wanted))
        .order(audit_heads::org_id)
        .select((HeadRow::as_select(), clock_now()))
        .for_update();
    let rows: Vec<(HeadRow, Micros)> = match contention {
        Contention::Skip => query.skip_locked().load(connection).await?,
        Contention::Wait => query.load(connection).await?,
    };
    let mut heads = LockedHeads::new();
    for (row, at) in rows {
        let head = row.read()?;
        let organization = organizations.get(head.organization.as_str()).copied().ok_or_else(headless)?;
        heads.insert(organization, LockedHead { chain: head, at });
    }
    Ok(heads)
}

/// Makes heads of chains that have none; others stay as they are.
pub(crate) async fn create_heads<'e>(
    connection: &mut Connection,
    organizations: impl Iterator<Item = &'e str>,
) -> Result<(), Aborted> {
    let rows: Vec<_> = organizations
        .map(|id| {
            (
                audit_heads::org_id.eq(id),
                audit_heads::seq.eq(0),
                audit_heads::mac.eq(&GENESIS[..]),
                audit_heads::updated_at.eq(clock_now()),
            )
        })
        .collect();
    diesel::insert_into(audit_heads::table).values(rows).on_conflict_do_nothing().execute(connection).await?;
    Ok(())
}

/// Appends the events whose head is locked. The answer has the place of each event, or `None`.
pub(crate) async fn write<'e>(
    connection: &mut Connection,
    keys: &dyn PurposeKeys,
    mut heads: LockedHeads<'e>,
    events: impl IntoIterator<Item = &'e AuditEvent>,
) -> Result<Vec<Option<u64>>, Aborted> {
    let key = keys.current(Purpose::Audit);
    let clock = RowName { table: "audit_events", organization: "", id: &"now" };
    let mut batch = WriteRecords::default();
    let mut places = Vec::new();
    for event in events {
        let Some(head) = heads.get_mut(event.organization.as_str()) else {
            places.push(None);
            continue;
        };
        let (chain, at) = (&mut head.chain, head.at);
        let digest = |message: &[u8]| keys.digest(Purpose::Audit, key, message);
        chain.extend(event, clock.time("at", at)?, digest).map_err(unsigned)?;
        batch.record(event, chain.seq, at, RowId(key.0), &chain.mac)?;
        places.push(Some(chain.seq));
    }
    for (organization, LockedHead { chain, at }) in &heads {
        batch.head(organization, chain.seq, *at, &chain.mac)?;
    }
    let expected = batch.heads();
    if expected == 0 || batch.execute(connection).await? == expected { Ok(places) } else { Err(headless()) }
}

fn unsigned(error: VaultError) -> Aborted {
    StoreError::Unavailable(Box::new(error)).into()
}

#[derive(Debug, thiserror::Error)]
#[error("table audit_heads: a locked row is gone")]
struct Headless;

/// A head that must be there and is not.
pub(crate) fn headless() -> Aborted {
    StoreError::Corrupt(Box::new(Headless)).into()
}
