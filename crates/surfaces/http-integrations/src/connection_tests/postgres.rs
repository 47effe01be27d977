//! `POST /integrations/postgres/test-connection` and `…/{credential_id}`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_application::{TestConnection, to};
use strongroom_domain::CredentialType;
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Handle, Refusal, Route, body_of, request};

use super::{CertificatesField, Port, REPORTED, TextField, answer, needed, submission};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/postgres/test-connection", &Handle::with(handle), &DOC);

pub(crate) const STORED: Route = Route::act(
    "/integrations/postgres/test-connection/{credential_id}",
    &Handle::with(handle_stored),
    &STORED_DOC,
);

const DOC: Doc = Doc {
    body: body_of::<PostgresConnection>(),
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

request! {
    /// A PostgreSQL connection: a connection string, or host, database, user name and password.
    struct PostgresConnection as "PostgresConnectionTest" {
        /// The host's name or address.
        host: Option<TextField>,
        /// The port; 5432 when absent.
        port: Option<Port>,
        /// The name of the role to log in with.
        username: Option<TextField>,
        /// The password of the role.
        password: Option<TextField>,
        /// The name of the database.
        database: Option<TextField>,
        /// How far TLS goes, as in a connection string; the catalog lists the values.
        sslmode: Option<TextField>,
        /// The certificates, in PEM, that the server's certificate is checked against.
        ssl_ca: Option<CertificatesField>,
        /// A connection string, `postgresql://…` or `host=… dbname=…`, instead of the other fields.
        connection_string: Option<TextField>,
    }
    with json!({ "anyOf": [
        needed(&["connection_string"]),
        needed(&["host", "database", "username", "password"]),
    ] });
}

async fn handle(mut call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let asked = call.body::<PostgresConnection>()?.into_test();
    Ok(answer(&call.app.connection_tests.test(&call.caller, asked).await?))
}

impl PostgresConnection {
    fn into_test(self) -> TestConnection {
        let text = |field: Option<TextField>| field.map(|text| text.0);
        TestConnection {
            provider: "postgresql".into(),
            credential_type: CredentialType::UserPassword,
            credentials: submission([
                ("host", text(self.host)),
                ("port", self.port.map(|port| port.0)),
                ("username", text(self.username)),
                ("password", text(self.password)),
                ("database", text(self.database)),
                ("sslmode", text(self.sslmode)),
                ("ssl_ca", self.ssl_ca.map(|certificates| certificates.0)),
                ("connection_string", text(self.connection_string)),
            ]),
            probe_path: None,
        }
    }
}

async fn handle_stored(call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let id = call.credential_id()?;
    Ok(answer(&call.app.connection_tests.test_stored(&call.caller, id, Some(&PROVIDERS)).await?))
}
