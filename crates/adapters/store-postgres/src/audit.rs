use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{AuditEvent, OrganizationId};
use strongroom_repository::{Appended, AuditFilter, AuditPage, AuditTrail, Contention, StoreResult};

use crate::PostgresStore;
use crate::audit_chain;
use crate::audit_row::RecordRow;
use crate::bad_row::stored_counter;
use crate::failure::{Failure, OPERATION_LIMIT, within};
use crate::schema::{audit_events, audit_events::dsl, audit_heads};

/// The port promises an answer within 2 s.
const APPEND_LIMIT: Duration = Duration::from_millis(1_900);
/// A wait for a head ends before that, so that the connection survives it.
const WAIT_FOR_HEADS: &str = "SET LOCAL lock_timeout = '1700ms'";
/// Making the head of a new chain waits only for another one who makes it too.
const WAIT_FOR_NEW_HEADS: &str = "SET LOCAL lock_timeout = '100ms'";

#[async_trait]
impl AuditTrail for PostgresStore {
    async fn append(&self, events: &[AuditEvent], contention: Contention) -> StoreResult<Vec<Appended>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        within(APPEND_LIMIT, || self.try_append(events, contention)).await
    }

    async fn query(
        &self,
        organization: &OrganizationId,
        filter: &AuditFilter,
        page: AuditPage,
    ) -> StoreResult<Vec<AuditRecord>> {
        let before = page.before.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
        within(OPERATION_LIMIT, || async {
            let mut query = filtered(organization, filter);
            if let Some(before) = before {
                query = query.filter(dsl::seq.lt(before));
            }
            let mut connection = self.database.checkout().await?;
            let rows: Vec<RecordRow> = query
                .order(dsl::seq.desc())
                .limit(i64::from(page.limit))
                .select(RecordRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(RecordRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn range(
        &self,
        organization: &OrganizationId,
        from_seq: u64,
        limit: u32,
    ) -> StoreResult<Vec<AuditRecord>> {
        let from = stored_counter(from_seq)?;
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<RecordRow> = dsl::audit_events
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::seq.ge(from)))
                .order(dsl::seq)
                .limit(i64::from(limit))
                .select(RecordRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(RecordRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn head(&self, organization: &OrganizationId) -> StoreResult<Option<AuditHead>> {
        use audit_heads::dsl;
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let row: Option<HeadRow> = dsl::audit_heads
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::seq.gt(0)))
                .select((dsl::org_id, dsl::seq, dsl::mac))
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(read_head).transpose()?)
        })
        .await
    }

    async fn heads(
        &self,
        since: Option<time::OffsetDateTime>,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> StoreResult<Vec<AuditHead>> {
        use audit_heads::dsl;
        within(OPERATION_LIMIT, || async {
            let mut query = dsl::audit_heads.filter(dsl::seq.gt(0)).into_boxed();
            if let Some(since) = since {
                query = query.filter(dsl::updated_at.ge(since));
            }
            if let Some(after) = &after {
                query = query.filter(dsl::org_id.gt(after.as_str()));
            }
            let mut connection = self.database.checkout().await?;
            let rows: Vec<HeadRow> = query
                .order(dsl::org_id)
                .limit(i64::from(limit))
                .select((dsl::org_id, dsl::seq, dsl::mac))
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(read_head).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn headless(&self) -> StoreResult<Vec<OrganizationId>> {
        within(OPERATION_LIMIT, || async {
            let head = audit_heads::table
                .filter(audit_heads::org_id.eq(audit_events::org_id))
                .filter(audit_heads::seq.gt(0));
            let mut connection = self.database.checkout().await?;
            let names: Vec<String> = audit_events::table
                .filter(diesel::dsl::not(diesel::dsl::exists(head)))
                .select(audit_events::org_id)
                .distinct()
                .limit(100)
                .load(&mut *connection)
                .await?;
            Ok(names
                .iter()
                .map(|name| audit_chain::head_name(name).organization())
                .collect::<StoreResult<_>>()?)
        })
        .await
    }
}

type HeadRow = (String, i64, Vec<u8>);

fn read_head((organization, seq, mac): HeadRow) -> StoreResult<AuditHead> {
    let row = audit_chain::head_name(&organization);
    Ok(AuditHead {
        organization: row.organization()?,
        seq: row.counter("seq", seq)?,
        mac: audit_chain::read_mac(&organization, mac)?,
    })
}

/// What came of one transaction over a batch.
enum Attempt {
    /// The places of the events; `None` where the head was not to be had.
    Written(Vec<Option<u64>>),
    /// Nothing was written, because these chains have no head yet.
    Headless(BTreeSet<String>),
}

impl PostgresStore {
    async fn try_append(
        &self,
        events: &[AuditEvent],
        contention: Contention,
    ) -> Result<Vec<Appended>, Failure> {
        let mut connection = self.database.checkout().await?;
        let places = match self.append_once(&mut connection, events, contention, true).await? {
            Attempt::Written(places) => places,
            Attempt::Headless(missing) => {
                // In a transaction of its own: heads that are made while others are held would break the
                // lock order.
                create_heads(&mut connection, &missing, contention).await?;
                match self.append_once(&mut connection, events, contention, false).await? {
                    Attempt::Written(places) => places,
                    Attempt::Headless(_) => return Err(audit_chain::headless()),
                }
            }
        };
        let appended = |place: Option<u64>| place.map_or(Appended::Skipped, |seq| Appended::Durable { seq });
        Ok(places.into_iter().map(appended).collect())
    }

    /// `BEGIN`, lock, write, `COMMIT`; a fifth statement only when heads were skipped or missing.
    async fn append_once(
        &self,
        connection: &mut AsyncPgConnection,
        events: &[AuditEvent],
        contention: Contention,
        first: bool,
    ) -> Result<Attempt, Failure> {
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
                    // Who waits gets every head there is. One that has appeared meanwhile counts as missing
                    // too, so that it is looked for again.
                    Contention::Wait => absent.into_iter().map(str::to_owned).collect(),
                    Contention::Skip if first && !absent.is_empty() => {
                        missing_heads(connection, &absent).await?
                    }
                    Contention::Skip => BTreeSet::new(),
                };
                if !missing.is_empty() {
                    return Ok(Attempt::Headless(missing));
                }
                Ok(Attempt::Written(audit_chain::write(connection, self.keys.as_ref(), heads, events).await?))
            })
            .await
    }
}

/// Those organisations without a head, as opposed to those whose head another transaction holds.
async fn missing_heads(
    connection: &mut AsyncPgConnection,
    absent: &[&str],
) -> Result<BTreeSet<String>, Failure> {
    use audit_heads::dsl;
    let existing: Vec<String> =
        dsl::audit_heads.filter(dsl::org_id.eq_any(absent)).select(dsl::org_id).load(connection).await?;
    let missing = absent.iter().filter(|id| !existing.iter().any(|found| found == *id));
    Ok(missing.map(|id| (*id).to_owned()).collect())
}

async fn create_heads(
    connection: &mut AsyncPgConnection,
    missing: &BTreeSet<String>,
    contention: Contention,
) -> Result<(), Failure> {
    let created = connection
        .transaction(async |connection| {
            let wait = if contention == Contention::Skip { WAIT_FOR_NEW_HEADS } else { WAIT_FOR_HEADS };
            connection.batch_execute(wait).await?;
            audit_chain::create_heads(connection, missing.iter().map(String::as_str)).await
        })
        .await;
    match (created, contention) {
        // Somebody holds on to a new chain's head: its events are skipped, the others go on.
        (Err(Failure::Database(diesel::result::Error::DatabaseError(..))), Contention::Skip) => Ok(()),
        (created, _) => created,
    }
}

fn filtered<'f>(
    organization: &'f OrganizationId,
    filter: &'f AuditFilter,
) -> audit_events::BoxedQuery<'f, diesel::pg::Pg> {
    let mut query = dsl::audit_events.filter(dsl::org_id.eq(organization.as_str())).into_boxed();
    if let Some(credential) = filter.credential {
        query = query.filter(dsl::credential_id.eq(credential.0));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(dsl::actor.eq(actor.as_str()));
    }
    if let Some(action) = filter.action {
        query = query.filter(dsl::action.eq(action.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(dsl::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(dsl::at.lt(to));
    }
    query
}
