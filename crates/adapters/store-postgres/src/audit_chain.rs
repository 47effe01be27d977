//! Extends audit chains inside a transaction: lock the heads in ascending order, sign, write rows and heads.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use strongroom_domain::audit::{GENESIS, Mac, signed_bytes};
use strongroom_domain::{AuditEvent, Evidence};
use strongroom_repository::{Contention, StoreError, StoreResult};
use strongroom_vault::{Purpose, PurposeKeys, VaultError};
use time::OffsetDateTime;

use crate::bad_row::RowName;
use crate::failure::Failure;
use crate::record_query::WriteRecords;
use crate::schema::{audit_heads::dsl, clock_timestamp};

/// A head that this transaction holds, and the server's time when it got it.
pub(crate) struct LockedHead {
    seq: u64,
    mac: Mac,
    at: OffsetDateTime,
}

/// Heads by organisation, so in the order of their locks.
pub(crate) type LockedHeads<'e> = BTreeMap<&'e str, LockedHead>;

/// The organisations of events, ascending, each once.
pub(crate) fn organizations<'e>(events: impl IntoIterator<Item = &'e AuditEvent>) -> BTreeSet<&'e str> {
    events.into_iter().map(|event| event.organization.as_str()).collect()
}

/// Records the evidence of a mutation as the last thing that its transaction does.
pub(crate) async fn record(
    connection: &mut AsyncPgConnection,
    keys: &dyn PurposeKeys,
    evidence: &Evidence,
) -> Result<(), Failure> {
    let organizations = organizations(evidence.events());
    let mut heads = lock(connection, &organizations, Contention::Wait).await?;
    if heads.len() < organizations.len() {
        create_heads(connection, organizations.iter().copied().filter(|id| !heads.contains_key(id))).await?;
        heads = lock(connection, &organizations, Contention::Wait).await?;
    }
    let places = write(connection, keys, heads, evidence.events()).await?;
    if places.iter().all(Option::is_some) { Ok(()) } else { Err(headless()) }
}

/// Locks those heads that exist, in one statement and in ascending order. With [`Contention::Skip`] it
/// passes over heads that another transaction holds.
pub(crate) async fn lock<'e>(
    connection: &mut AsyncPgConnection,
    organizations: &BTreeSet<&'e str>,
    contention: Contention,
) -> Result<LockedHeads<'e>, Failure> {
    let wanted: Vec<&str> = organizations.iter().copied().collect();
    let query = dsl::audit_heads
        .filter(dsl::org_id.eq_any(wanted))
        .order(dsl::org_id)
        .select((dsl::org_id, dsl::seq, dsl::mac, clock_timestamp()))
        .for_update();
    let rows: Vec<(String, i64, Vec<u8>, OffsetDateTime)> = match contention {
        Contention::Skip => query.skip_locked().load(connection).await?,
        Contention::Wait => query.load(connection).await?,
    };
    let mut heads = LockedHeads::new();
    for (organization, seq, mac, at) in rows {
        let head = LockedHead {
            seq: head_name(&organization).counter("seq", seq)?,
            mac: read_mac(&organization, mac)?,
            at,
        };
        let organization = organizations.get(organization.as_str()).copied().ok_or_else(headless)?;
        heads.insert(organization, head);
    }
    Ok(heads)
}

/// Makes heads of chains that have none; others stay as they are.
pub(crate) async fn create_heads<'e>(
    connection: &mut AsyncPgConnection,
    organizations: impl Iterator<Item = &'e str>,
) -> Result<(), Failure> {
    let rows: Vec<_> = organizations
        .map(|id| {
            (
                dsl::org_id.eq(id),
                dsl::seq.eq(0),
                dsl::mac.eq(&GENESIS[..]),
                dsl::updated_at.eq(clock_timestamp()),
            )
        })
        .collect();
    diesel::insert_into(dsl::audit_heads).values(rows).on_conflict_do_nothing().execute(connection).await?;
    Ok(())
}

/// Appends the events whose head is locked. The answer has the place of each event, or `None`.
pub(crate) async fn write<'e>(
    connection: &mut AsyncPgConnection,
    keys: &dyn PurposeKeys,
    mut heads: LockedHeads<'e>,
    events: impl IntoIterator<Item = &'e AuditEvent>,
) -> Result<Vec<Option<u64>>, Failure> {
    let key = keys.current(Purpose::Audit);
    let mut batch = WriteRecords::default();
    let mut places = Vec::new();
    for event in events {
        let Some(head) = heads.get_mut(event.organization.as_str()) else {
            places.push(None);
            continue;
        };
        head.seq += 1;
        let message = signed_bytes(event, head.seq, head.at, &head.mac);
        head.mac = keys.digest(Purpose::Audit, key, &message).map_err(unsigned)?;
        batch.record(event, head.seq, head.at, key.0, &head.mac)?;
        places.push(Some(head.seq));
    }
    for (organization, head) in &heads {
        batch.head(organization, head.seq, head.at, &head.mac)?;
    }
    let expected = batch.heads();
    if expected == 0 || batch.execute(connection).await? == expected { Ok(places) } else { Err(headless()) }
}

/// The MAC of a head or record.
pub(crate) fn read_mac(organization: &str, mac: Vec<u8>) -> StoreResult<Mac> {
    head_name(organization).bytes("mac", mac)
}

/// Names a head in an error.
pub(crate) fn head_name<'r>(organization: &'r str) -> RowName<'r> {
    RowName { table: "audit_heads", organization, id: &"head" }
}

fn unsigned(error: VaultError) -> Failure {
    StoreError::Unavailable(Box::new(error)).into()
}

#[derive(Debug, thiserror::Error)]
#[error("table audit_heads: a locked row is gone")]
struct Headless;

/// A head that must be there and is not.
pub(crate) fn headless() -> Failure {
    StoreError::Corrupt(Box::new(Headless)).into()
}
