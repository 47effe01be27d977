//! What the server answers while the vault waits for its database: that it lives, and is not ready.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::KeepAlive;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;

/// How long a start may take before somebody answers in its place.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// Answers on the listener until it is stopped. Connections that nobody has taken by then are those of the
/// vault.
pub(crate) fn answer(listener: &TcpListener) -> std::io::Result<ServerHandle> {
    let factory = || {
        App::new()
            .route(
                "/health/live",
                web::route().to(async || HttpResponse::Ok().json(json!({"status": "live"}))),
            )
            .route("/health/ready", web::route().to(async || starting(&json!({"status": "not ready"}))))
            .default_service(web::route().to(async || {
                let error = json!({"message": "The service is starting; try again", "code": "unavailable"});
                starting(&json!({ "error": error }))
            }))
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .disable_signals()
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(Duration::from_secs(5))
        .max_connections(256)
        .listen(listener.try_clone()?)?
        .run();
    tracing::info!(
        address = %format!("http://{}", listener.local_addr()?),
        "the start takes longer; until it is done only /health/live is answered, and all else is 503"
    );
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

fn starting(body: &serde_json::Value) -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "1")).json(body)
}
