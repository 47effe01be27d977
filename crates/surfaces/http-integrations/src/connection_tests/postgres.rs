//! `POST /integrations/postgres/test-connection` and `…/{credential_id}`

use actix_web::HttpResponse;
use strongroom_application::{Failure, TestConnection};
use strongroom_domain::{CredentialType, Operation};
use strongroom_http_kit::{Call, Fields, Route};

use super::{answer, submission};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/postgres/test-connection", Operation::TestCredential, |call| {
        Box::pin(handle(call))
    });

pub(crate) const STORED: Route =
    Route::act("/integrations/postgres/test-connection/{credential_id}", Operation::TestCredential, |call| {
        Box::pin(handle_stored(call))
    });

/// The providers that this route speaks for.
const PROVIDERS: [&str; 2] = ["postgresql", "internal_postgresql"];

const NAMES: [(&str, &str); 8] = [
    ("host", "host"),
    ("port", "port"),
    ("username", "username"),
    ("password", "password"),
    ("database", "database"),
    ("sslmode", "sslmode"),
    ("ssl_ca", "ssl_ca"),
    ("connection_string", "connection_string"),
];

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let asked = read(call.body()?)?;
    Ok(answer(&call.app.test_connection(&call.caller, asked).await?))
}

fn read(mut body: Fields) -> Result<TestConnection, Failure> {
    let credentials = submission(&mut body, &NAMES);
    body.finish(|| {
        Some(TestConnection {
            provider: "postgresql".into(),
            credential_type: CredentialType::UserPassword,
            credentials,
            probe_path: None,
        })
    })
}

async fn handle_stored(call: Call) -> Result<HttpResponse, Failure> {
    let id = call.credential_id()?;
    Ok(answer(&call.app.test_stored_credential(&call.caller, id, Some(&PROVIDERS)).await?))
}
