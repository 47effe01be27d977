//! What the server answers while the vault waits for its database: that it lives, and is not ready.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::KeepAlive;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::{self, Next};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::json;
use strongroom::SystemIds;
use strongroom_application::Failure;
use strongroom_http_kit::refuse_early;

use crate::serve::DIALECTS;

/// How long a start may take before somebody answers in its place.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// Answers on the listeners until it is stopped. Connections that nobody has taken by then are those of the
/// vault.
pub(crate) fn answer<'a>(listeners: impl Iterator<Item = &'a TcpListener>) -> std::io::Result<ServerHandle> {
    let factory = || {
        let live = async || HttpResponse::Ok().json(json!({"status": "live"}));
        App::new()
            .wrap(middleware::from_fn(plain_headers))
            .route("/health/live", web::route().to(live))
            .route("/health/ready", web::route().to(async || not_ready()))
            .default_service(web::route().to(async |request: HttpRequest| {
                let unavailable = Failure::unavailable().into();
                refuse_early(DIALECTS, &request, &unavailable, &SystemIds)
            }))
    };
    let mut server = HttpServer::new(factory)
        .workers(1)
        .disable_signals()
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(Duration::from_secs(5))
        .max_connections(256);
    for listener in listeners {
        tracing::info!(
            address = %format!("http://{}", listener.local_addr()?),
            "the start takes longer; until it is done only /health/live is answered, and all else is 503"
        );
        server = server.listen(listener.try_clone()?)?;
    }
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

fn not_ready() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header(("Retry-After", "1"))
        .json(json!({"status": "not ready"}))
}

/// The headers of every answer.
async fn plain_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
