//! `GET /health/live`, `GET /health/ready`, `GET /metrics`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_application::Failure;
use strongroom_http_kit::{PublicCall, Route, ok};

/// The process answers.
pub(crate) const LIVE: Route = Route::public("/health/live", |_| Box::pin(std::future::ready(live())));

/// Requests may be sent here.
pub(crate) const READY: Route =
    Route::public("/health/ready", |call| Box::pin(std::future::ready(Ok(ready(&call)))));

/// Counters, for peers on this host.
pub(crate) const METRICS: Route =
    Route::host("/metrics", |call| Box::pin(std::future::ready(metrics(&call))));

fn live() -> Result<HttpResponse, Failure> {
    Ok(ok(&json!({ "status": "live" })))
}

fn ready(call: &PublicCall) -> HttpResponse {
    match call.app.is_ready() {
        true => ok(&json!({ "status": "ready" })),
        false => HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "1"))
            .json(json!({ "status": "not ready" })),
    }
}

fn metrics(call: &PublicCall) -> Result<HttpResponse, Failure> {
    let text = call.metrics.render().map_err(|_| Failure::Internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text))
}
