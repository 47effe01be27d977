//! `POST /integrations/{provider}/test-connection`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{TestConnection, to};
use strongroom_domain::CredentialType;
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Fields, Handle, Refusal, Route, Schema, credentials_schema};

use super::{REPORTED, answer};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/integrations/{provider}/test-connection", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "ConnectionTest", json: connection_test }),
    answer_headers: &ALLOWANCE,
    refusals: &[429],
    ..Doc::new("Tests credentials of a provider and stores nothing", REPORTED)
};

async fn handle(mut call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let body = call.body()?;
    let asked = read(body, call.path("provider").to_owned())?;
    Ok(answer(&call.app.connection_tests.test(&call.caller, asked).await?))
}

fn read(mut body: Fields, provider: String) -> Result<TestConnection, Refusal> {
    let credential_type = body.required_choice("credential_type", CredentialType::parse);
    let credentials = body.required("credentials");
    body.finish(|| {
        Some(TestConnection {
            provider,
            credential_type: credential_type?,
            credentials: credentials?,
            probe_path: None,
        })
    })
}

fn connection_test() -> Value {
    json!({
        "type": "object",
        "properties": {
            "credential_type": schema::credential_type(),
            "credentials": credentials_schema(),
        },
        "required": ["credential_type", "credentials"],
        "additionalProperties": false,
    })
}
