//! `GET /integrations/audit`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use strongroom_application::{QueryAudit, to};
use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Actor, CredentialId, Issuer, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Cursor, Doc, Handle, Moment, Paging, Refusal, Request, Route, Schema, ok,
    request, schema_of,
};
use strongroom_repository::AuditFilter;
use time::OffsetDateTime;

use crate::schema::spelled;

pub(crate) const ROUTE: Route = Route::get("/integrations/audit", &Handle::with(handle), &DOC).long();

const DOC: Doc = Doc {
    query: &[AuditQuery::FIELDS, Paging::FIELDS],
    refusals: &[400],
    ..Doc::new(
        "Reads the audit trail, newest first",
        &[Answered {
            status: 200,
            description: "A page of the audit trail.",
            body: AnswerBody::One(Schema { name: "AuditPage", json: schema_of::<Page<'_>> }),
        }],
    )
};

#[derive(Serialize, JsonSchema)]
struct Page<'a> {
    items: Vec<Item<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Item<'a> {
    seq: u64,
    #[schemars(with = "Moment")]
    at: String,
    #[schemars(schema_with = "spelled::action")]
    action: &'static str,
    #[schemars(schema_with = "spelled::outcome")]
    outcome: &'static str,
    actor: &'a str,
    /// The issuer of the actor's token; null for API keys, jobs and commands.
    issuer: Option<&'a str>,
    authentication: Option<&'a str>,
    #[schemars(extend("format" = "uuid"))]
    credential_id: Option<String>,
    target: Option<&'a str>,
    provider: Option<&'a str>,
    version: Option<u64>,
    request_id: Option<&'a str>,
    source_ip: Option<String>,
    details: &'a std::collections::BTreeMap<String, String>,
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    hash: String,
}

async fn handle(call: Call<to::QueryAudit>) -> Result<HttpResponse, Refusal> {
    let query = read(&call)?;
    let (records, more) = call.app.audit.query(&call.caller, query).await?;
    let next_cursor = records.last().filter(|_| more).map(|record| Cursor::encode(record.seq));
    Ok(ok(&Page { items: records.iter().map(Item::from).collect(), next_cursor }))
}

request! {
    /// Which events to read.
    struct AuditQuery {
        /// Only events about this credential.
        credential_id: Option<CredentialId>,
        /// Only what this actor did, of whichever issuer: `user:<sub>`, `service:<id>` or `system:<job>`.
        actor: Option<Actor>,
        /// Only events of this kind.
        action: Option<Action>,
        /// Only events at or after this time.
        from: Option<OffsetDateTime>,
        /// Only events before this time.
        to: Option<OffsetDateTime>,
    }
}

fn read<O>(call: &Call<O>) -> Result<QueryAudit, Refusal> {
    let mut query = call.query_fields();
    let (asked, page) = (AuditQuery::take(&mut query), Paging::take(&mut query));
    let (AuditQuery { credential_id, actor, action, from, to }, page) = query.finish(|| asked.zip(page))?;
    let before = page.position(|text| text.parse().ok())?;
    let filter = AuditFilter { credential: credential_id, actor, action, from, to };
    Ok(QueryAudit { filter, before, limit: page.limit() })
}

impl<'a> From<&'a AuditRecord> for Item<'a> {
    fn from(record: &'a AuditRecord) -> Self {
        let event = &record.event;
        Self {
            seq: record.seq,
            at: timestamp::format(record.at),
            action: event.action.as_str(),
            outcome: event.outcome.as_str(),
            actor: event.actor.as_str(),
            issuer: event.actor.issuer().map(Issuer::as_str),
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
