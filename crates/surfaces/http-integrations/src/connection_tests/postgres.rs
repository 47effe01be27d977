//! `POST /integrations/postgres/test-connection` and `…/{credential_id}`

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};
use strongroom_application::{TestConnection, to};
use strongroom_domain::CredentialType;
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Fields, Handle, Refusal, Route, Schema, or_null};

use super::{REPORTED, answer, needed, submission};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/integrations/postgres/test-connection", &Handle::with(handle), &DOC);

pub(crate) const STORED: Route = Route::act(
    "/integrations/postgres/test-connection/{credential_id}",
    &Handle::with(handle_stored),
    &STORED_DOC,
);

const DOC: Doc = Doc {
    body: Some(Schema { name: "PostgresConnectionTest", json: connection_test }),
    answer_headers: &ALLOWANCE,
    refusals: &[429],
    ..Doc::new("Tests a PostgreSQL connection and stores nothing", REPORTED)
};

const STORED_DOC: Doc = Doc {
    answer_headers: &ALLOWANCE,
    refusals: &[404, 409, 429],
    ..Doc::new("Tests a stored PostgreSQL credential", REPORTED)
};

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

async fn handle(mut call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let asked = read(call.body()?)?;
    Ok(answer(&call.app.connection_tests.test(&call.caller, asked).await?))
}

fn read(mut body: Fields) -> Result<TestConnection, Refusal> {
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

async fn handle_stored(call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let id = call.credential_id()?;
    Ok(answer(&call.app.connection_tests.test_stored(&call.caller, id, Some(&PROVIDERS)).await?))
}

fn connection_test() -> Value {
    let field = |sent: &str| if sent == "port" { schema::port() } else { or_null(schema::secret()) };
    let fields: Map<String, Value> =
        NAMES.iter().map(|(sent, _)| ((*sent).to_owned(), field(sent))).collect();
    json!({
        "type": "object",
        "properties": fields,
        "additionalProperties": false,
        "anyOf": [
            needed(&["connection_string"]),
            needed(&["host", "database", "username", "password"]),
        ],
    })
}
