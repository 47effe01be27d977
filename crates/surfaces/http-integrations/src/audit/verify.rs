//! `GET /integrations/audit/verify`

use actix_web::HttpResponse;
use serde::Serialize;
use strongroom_application::{Failure, VerifyAudit};
use strongroom_domain::Operation;
use strongroom_http_kit::{Call, Route, ok};

pub(crate) const ROUTE: Route =
    Route::get("/integrations/audit/verify", Operation::VerifyAudit, |call| Box::pin(handle(call)));

#[derive(Serialize)]
struct Answer {
    ok: bool,
    events: u64,
    head: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

#[derive(Serialize)]
struct Broken {
    seq: u64,
    reason: &'static str,
}

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let mut query = call.query();
    let (from_seq, to_seq) = (query.optional("from_seq"), query.optional("to_seq"));
    let range = query.finish(|| Some(VerifyAudit { from_seq, to_seq }))?;
    let found = call.app.verify_audit(&call.caller, range).await?;
    let broken = found.broken.map(|broken| Broken { seq: broken.seq, reason: broken.reason });
    Ok(ok(&Answer { ok: broken.is_none(), events: found.events, head: hex::encode(found.head), broken }))
}
