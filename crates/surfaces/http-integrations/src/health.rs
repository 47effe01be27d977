//! `GET /health/live`, `GET /health/ready`, `GET /metrics`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use strongroom_application::Failure;
use strongroom_http_kit::{AnswerBody, Answered, Doc, PublicCall, Refusal, Route, Schema, ok, schema_of};

/// The route that tells whether the process answers.
pub(crate) const LIVE: Route =
    Route::public("/health/live", |_| Box::pin(std::future::ready(live())), &LIVE_DOC).with_any_query();

/// The route that tells whether requests may be sent to this instance.
pub(crate) const READY: Route =
    Route::public("/health/ready", |call| Box::pin(std::future::ready(Ok(ready(&call)))), &READY_DOC)
        .with_any_query();

/// The route that shows the counters to peers on this host.
pub(crate) const METRICS: Route =
    Route::host("/metrics", |call| Box::pin(std::future::ready(metrics(&call))), &METRICS_DOC)
        .with_any_query();

const LIVE_DOC: Doc = Doc::new(
    "Tells whether the process answers",
    &[Answered { status: 200, description: "The process answers.", body: AnswerBody::One(HEALTH) }],
);

const READY_DOC: Doc = Doc {
    own_refusals: &[(503, AnswerBody::One(HEALTH))],
    ..Doc::new(
        "Tells whether requests may be sent here",
        &[Answered { status: 200, description: "Requests may be sent here.", body: AnswerBody::One(HEALTH) }],
    )
};

const METRICS_DOC: Doc = Doc::new(
    "Shows the counters",
    &[Answered { status: 200, description: "The counters.", body: AnswerBody::Other(OPEN_METRICS) }],
);

const HEALTH: Schema = Schema { name: "Health", json: schema_of::<Health> };

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Serialize, JsonSchema)]
struct Health {
    #[schemars(extend("enum" = ["live", "ready", "not ready"]))]
    status: &'static str,
}

fn live() -> Result<HttpResponse, Refusal> {
    Ok(ok(&Health { status: "live" }))
}

fn ready(call: &PublicCall) -> HttpResponse {
    match call.app.upkeep.is_ready() {
        true => ok(&Health { status: "ready" }),
        false => HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "1"))
            .json(Health { status: "not ready" }),
    }
}

fn metrics(call: &PublicCall) -> Result<HttpResponse, Refusal> {
    let text = call.metrics.render().map_err(|_| Failure::Internal)?;
    Ok(HttpResponse::Ok().content_type(OPEN_METRICS).body(text))
}
