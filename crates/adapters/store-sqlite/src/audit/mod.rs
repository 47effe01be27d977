mod rows;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{AuditEvent, OrganizationId};
use strongroom_repository::{
    Appended, AuditFilter, AuditPage, AuditTrail, Contention, StoreError, StoreResult,
};
use strongroom_vault::{Purpose, PurposeKeys};
use time::OffsetDateTime;

use crate::SqliteStore;
use crate::columns::{Row, blob, integer, micros};
use crate::deployment::now;
use crate::failure::{Failure, RowKey};
use crate::schema::{audit_events, audit_heads};
use rows::{EventRow, HeadRow};

/// Appends events to their chains, inside the caller's transaction, which holds the write lock and with it
/// every chain. Returns their places.
pub(crate) fn record<'a>(
    connection: &mut SqliteConnection,
    keys: &dyn PurposeKeys,
    events: impl IntoIterator<Item = &'a AuditEvent>,
) -> Result<Vec<u64>, Failure> {
    let updated_at = now(connection)?;
    let at =
        Row { table: "audit_events", organization: "", key: RowKey::Text("now") }.time("at", updated_at)?;
    let key = keys.current(Purpose::Audit);
    let mut heads: BTreeMap<&OrganizationId, AuditHead> = BTreeMap::new();
    let mut places = Vec::new();
    for event in events {
        let head = match heads.entry(&event.organization) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(head_or_genesis(connection, &event.organization)?),
        };
        let record = head
            .extend(event, at, key, |message| keys.digest(Purpose::Audit, key, message))
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        diesel::insert_into(audit_events::table).values(EventRow::of(&record)).execute(connection)?;
        places.push(record.seq);
    }
    for head in heads.values() {
        diesel::replace_into(audit_heads::table).values(HeadRow::of(head, updated_at)).execute(connection)?;
    }
    Ok(places)
}

fn head(connection: &mut SqliteConnection, organization: &str) -> Result<Option<AuditHead>, Failure> {
    let query = audit_heads::table.find(organization).select(HeadRow::as_select());
    Ok(query.first(connection).optional()?.map(HeadRow::into_head).transpose()?)
}

fn head_or_genesis(
    connection: &mut SqliteConnection,
    organization: &OrganizationId,
) -> Result<AuditHead, Failure> {
    let head = head(connection, organization.as_str())?;
    Ok(head.unwrap_or_else(|| AuditHead::genesis(organization.clone())))
}

fn records(rows: Vec<EventRow>) -> Result<Vec<AuditRecord>, Failure> {
    Ok(rows.into_iter().map(EventRow::into_record).collect::<Result<_, _>>()?)
}

#[async_trait]
impl AuditTrail for SqliteStore {
    /// Never answers `Skipped`: there is one writer, and it holds all chains at once.
    async fn append(&self, events: &[AuditEvent], _contention: Contention) -> StoreResult<Vec<Appended>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (events, keys) = (events.to_vec(), Arc::clone(&self.keys));
        let places = self.database.write(move |connection| record(connection, &*keys, &events)).await?;
        Ok(places.into_iter().map(|seq| Appended::Durable { seq }).collect())
    }

    async fn query(
        &self,
        organization: &OrganizationId,
        filter: &AuditFilter,
        page: AuditPage,
    ) -> StoreResult<Vec<AuditRecord>> {
        let (organization, filter) = (organization.as_str().to_owned(), filter.clone());
        let work = move |connection: &mut SqliteConnection| {
            let mut query = audit_events::table
                .filter(audit_events::org_id.eq(organization))
                .select(EventRow::as_select())
                .order(audit_events::seq.desc())
                .limit(page.limit.into())
                .into_boxed();
            if let Some(before) = page.before {
                query = query.filter(audit_events::seq.lt(integer(before)));
            }
            if let Some(credential) = filter.credential {
                query = query.filter(audit_events::credential_id.eq(blob(credential.0)));
            }
            if let Some(actor) = filter.actor {
                query = query.filter(audit_events::actor.eq(actor.as_str().to_owned()));
            }
            if let Some(action) = filter.action {
                query = query.filter(audit_events::action.eq(action.as_str()));
            }
            if let Some(from) = filter.from {
                query = query.filter(audit_events::at.ge(micros(from)));
            }
            if let Some(to) = filter.to {
                query = query.filter(audit_events::at.lt(micros(to)));
            }
            records(query.load(connection)?)
        };
        self.database.read(work).await
    }

    async fn range(
        &self,
        organization: &OrganizationId,
        from_seq: u64,
        limit: u32,
    ) -> StoreResult<Vec<AuditRecord>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let query = audit_events::table
                .filter(audit_events::org_id.eq(organization).and(audit_events::seq.ge(integer(from_seq))))
                .select(EventRow::as_select())
                .order(audit_events::seq)
                .limit(limit.into());
            records(query.load(connection)?)
        };
        self.database.read(work).await
    }

    async fn head(&self, organization: &OrganizationId) -> StoreResult<Option<AuditHead>> {
        let organization = organization.as_str().to_owned();
        self.database.read(move |connection| head(connection, &organization)).await
    }

    async fn heads(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> StoreResult<Vec<AuditHead>> {
        let work = move |connection: &mut SqliteConnection| {
            let mut query = audit_heads::table
                .select(HeadRow::as_select())
                .order(audit_heads::org_id)
                .limit(limit.into())
                .into_boxed();
            if let Some(since) = since {
                query = query.filter(audit_heads::updated_at.ge(micros(since)));
            }
            if let Some(after) = after {
                query = query.filter(audit_heads::org_id.gt(after.as_str().to_owned()));
            }
            let rows = query.load(connection)?;
            Ok(rows.into_iter().map(HeadRow::into_head).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }

    async fn headless(&self) -> StoreResult<Vec<OrganizationId>> {
        let work = |connection: &mut SqliteConnection| {
            let head = audit_heads::table.filter(audit_heads::org_id.eq(audit_events::org_id));
            let names: Vec<String> = audit_events::table
                .filter(diesel::dsl::not(diesel::dsl::exists(head)))
                .select(audit_events::org_id)
                .distinct()
                .limit(100)
                .load(connection)?;
            let read = |name: &String| {
                Row { table: "audit_events", organization: name, key: RowKey::Place(0) }.organization()
            };
            Ok(names.iter().map(read).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }
}
