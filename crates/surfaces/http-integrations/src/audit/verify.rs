//! `GET /integrations/audit/verify`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::{VerifyAudit, to};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Handle, Parameter, Refusal, Route, Schema, ok, schema_of,
};

pub(crate) const ROUTE: Route = Route::get("/integrations/audit/verify", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[
        Parameter { name: "from_seq", description: "From this record; else the last 10,000.", schema: place },
        Parameter { name: "to_seq", description: "Up to this record; else the last.", schema: place },
    ],
    ..Doc::new(
        "Checks the audit chain, 100,000 records at most",
        &[Answered {
            status: 200,
            description: "What was found.",
            content: Content::One(Schema { name: "AuditVerification", json: schema_of::<Answer> }),
        }],
    )
};

fn place() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    ok: bool,
    events: u64,
    #[schemars(regex(pattern = "^[0-9a-f]*$"))]
    head: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

#[derive(Serialize, JsonSchema)]
struct Broken {
    seq: u64,
    reason: &'static str,
}

async fn handle(call: Call<to::VerifyAudit>) -> Result<HttpResponse, Refusal> {
    let mut query = call.query();
    let (from_seq, to_seq) = (query.optional("from_seq"), query.optional("to_seq"));
    let range = query.finish(|| Some(VerifyAudit { from_seq, to_seq }))?;
    let found = call.app.audit.verify(&call.caller, range).await?;
    let broken = found.broken.map(|broken| Broken { seq: broken.seq, reason: broken.reason });
    Ok(ok(&Answer { ok: broken.is_none(), events: found.events, head: hex::encode(found.head), broken }))
}
