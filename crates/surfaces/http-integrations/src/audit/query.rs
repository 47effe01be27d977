//! `GET /integrations/audit`

use actix_web::HttpResponse;
use serde::Serialize;
use strongroom_application::{Failure, QueryAudit};
use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Actor, CredentialId, Operation};
use strongroom_http_kit::{Call, Cursor, Route, ok, timestamp};
use strongroom_repository::AuditFilter;

use crate::credentials::list::page_size;

pub(crate) const ROUTE: Route =
    Route::get("/integrations/audit", Operation::QueryAudit, |call| Box::pin(handle(call)));

#[derive(Serialize)]
struct Page<'a> {
    items: Vec<Item<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Item<'a> {
    seq: u64,
    at: String,
    action: &'static str,
    outcome: &'static str,
    actor: &'a str,
    authentication: Option<&'a str>,
    credential_id: Option<String>,
    target: Option<&'a str>,
    provider: Option<&'a str>,
    version: Option<u64>,
    request_id: Option<&'a str>,
    source_ip: Option<String>,
    details: &'a std::collections::BTreeMap<String, String>,
    hash: String,
}

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let query = read(&call)?;
    let (records, more) = call.app.query_audit(&call.caller, query).await?;
    let next_cursor = records.last().filter(|_| more).map(|record| Cursor::encode(record.seq));
    Ok(ok(&Page { items: records.iter().map(Item::from).collect(), next_cursor }))
}

fn read(call: &Call) -> Result<QueryAudit, Failure> {
    let mut query = call.query();
    let filter = AuditFilter {
        credential: query.parsed("credential_id", CredentialId::parse),
        actor: query.parsed("actor", Actor::parse),
        action: query.choice("action", Action::parse),
        from: query.optional("from"),
        to: query.optional("to"),
    };
    let limit = query.parsed("limit", |text| page_size(text, 500)).unwrap_or(100);
    let cursor: Option<String> = query.optional("cursor");
    let before = match cursor {
        Some(text) => Some(Cursor::decode(&text, |position| position.parse().ok())?),
        None => None,
    };
    query.finish(|| Some(QueryAudit { filter, before, limit }))
}

impl<'a> From<&'a AuditRecord> for Item<'a> {
    fn from(record: &'a AuditRecord) -> Self {
        let event = &record.event;
        Self {
            seq: record.seq,
            at: timestamp(record.at),
            action: event.action.as_str(),
            outcome: event.outcome.as_str(),
            actor: event.actor.as_str(),
            authentication: event.origin.authentication.as_deref(),
            credential_id: event.credential.map(|id| id.to_string()),
            target: event.target.as_deref(),
            provider: event.provider.as_ref().map(strongroom_domain::ProviderId::as_str),
            version: event.version,
            request_id: event.origin.request_id.as_deref(),
            source_ip: event.origin.source_ip.map(|ip| ip.to_string()),
            details: &event.details,
            hash: hex::encode(record.mac),
        }
    }
}
