//! `GET /integrations/audit`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{QueryAudit, to};
use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Actor, CredentialId, timestamp};
use strongroom_http_kit::{
    Answered, Call, Content, Cursor, Doc, Handle, Moment, Parameter, Refusal, Route, Schema,
    credential_id_schema, ok, schema_of,
};
use strongroom_repository::AuditFilter;

use crate::credentials::list::page_size;
use crate::schema::{self, spelled};

pub(crate) const ROUTE: Route = Route::get("/integrations/audit", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[
        Parameter {
            name: "credential_id",
            description: "Only about this credential.",
            schema: credential_id_schema,
        },
        Parameter {
            name: "actor",
            description: "Only by this actor.",
            schema: || {
                json!({
                    "type": "string",
                    "pattern": "^(user|service|system):[A-Za-z0-9._:|@-]{1,128}$",
                    "examples": ["user:alice"],
                })
            },
        },
        Parameter { name: "action", description: "Only of this kind.", schema: schema::action },
        Parameter { name: "from", description: "Not before this time.", schema: schema::moment },
        Parameter { name: "to", description: "Before this time.", schema: schema::moment },
        schema::LIMIT,
        schema::CURSOR,
    ],
    refusals: &[400],
    ..Doc::new(
        "Reads the audit trail, newest first",
        &[Answered {
            status: 200,
            description: "A page of it.",
            content: Content::One(Schema { name: "AuditPage", json: schema_of::<Page<'_>> }),
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

fn read<O>(call: &Call<O>) -> Result<QueryAudit, Refusal> {
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
            at: timestamp::format(record.at),
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
