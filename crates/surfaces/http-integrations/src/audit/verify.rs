//! `GET /integrations/audit/verify`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use strongroom_application::{VerifyAudit, to};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, Refusal, Request, Route, Schema, ok, request, schema_of,
};

pub(crate) const ROUTE: Route = Route::get("/integrations/audit/verify", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[VerifyQuery::FIELDS],
    ..Doc::new(
        "Checks the audit chain, 100,000 records at most",
        &[Answered {
            status: 200,
            description: "The result of the check.",
            body: AnswerBody::One(Schema { name: "AuditVerification", json: schema_of::<Verification> }),
        }],
    )
};

request! {
    /// The part of the chain to check.
    struct VerifyQuery {
        /// The number of the first record to check; the last 10,000 records are checked when it is absent.
        from_seq: Option<u64>,
        /// The number of the last record to check; the newest record when it is absent.
        to_seq: Option<u64>,
    }
}

#[derive(Serialize, JsonSchema)]
struct Verification {
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
    let VerifyQuery { from_seq, to_seq } = call.query()?;
    let range = VerifyAudit { from_seq, to_seq };
    let found = call.app.audit.verify(&call.caller, range).await?;
    let broken = found.broken.map(|broken| Broken { seq: broken.seq, reason: broken.reason });
    Ok(ok(&Verification {
        ok: broken.is_none(),
        events: found.events,
        head: hex::encode(found.head),
        broken,
    }))
}
