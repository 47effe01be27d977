//! Extends audit chains inside the caller's transaction. That transaction holds the write lock, and so it
//! locks every chain.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use diesel::prelude::*;
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{AuditEvent, OrganizationId};
use strongroom_repository::StoreError;
use strongroom_store_rows::schema::{audit_events, audit_heads};
use strongroom_store_rows::{Aborted, EventRow, HeadRow, Micros, RowName, Stored, stored};
use strongroom_vault::{Purpose, PurposeKeys};

use crate::connection::{Connection, clock_now};

/// Appends events to their chains and returns their places.
pub(crate) fn record<'a>(
    connection: &mut Connection,
    keys: &dyn PurposeKeys,
    events: impl IntoIterator<Item = &'a AuditEvent>,
) -> Result<Vec<u64>, Aborted> {
    let updated_at: Micros = diesel::select(clock_now()).get_result(connection)?;
    let at = RowName { table: "audit_events", organization: "", id: &"now" }.time("at", updated_at)?;
    let mac_key = keys.current(Purpose::Audit);
    let mut heads: BTreeMap<&OrganizationId, AuditHead> = BTreeMap::new();
    let mut places = Vec::new();
    for event in events {
        let head = match heads.entry(&event.organization) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(head_or_genesis(connection, &event.organization)?),
        };
        head.extend(event, at, |message| keys.digest(Purpose::Audit, mac_key, message))
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let (seq, mac, event) = (head.seq, head.mac, event.clone());
        let record = AuditRecord { seq, at, event, mac_key, mac };
        diesel::insert_into(audit_events::table).values(EventRow::of(&record)?).execute(connection)?;
        places.push(seq);
    }
    for head in heads.values() {
        let row = (
            audit_heads::org_id.eq(head.organization.as_str()),
            audit_heads::seq.eq(stored(head.seq)?),
            audit_heads::mac.eq(head.mac.as_slice()),
            audit_heads::updated_at.eq(updated_at),
        );
        diesel::replace_into(audit_heads::table).values(row).execute(connection)?;
    }
    Ok(places)
}

fn head_or_genesis(connection: &mut Connection, organization: &OrganizationId) -> Result<AuditHead, Aborted> {
    let row = audit_heads::table.find(organization.as_str()).select(HeadRow::as_select());
    Ok(match row.first(connection).optional()? {
        Some(head) => head.read()?,
        None => AuditHead::genesis(organization.clone()),
    })
}
