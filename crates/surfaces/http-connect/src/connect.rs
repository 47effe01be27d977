//! `POST /v1/integrations/{provider}/connect`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::{ConnectIntegration, Connecting, Failure, to};
use strongroom_domain::{CredentialId, IntegrationStatus, Violation, timestamp};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Fields, Handle, Moment, Refusal, Route, Schema, credential_id_schema, ok,
    or_null, schema_of,
};

use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/v1/integrations/{provider}/connect", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "ConnectRequest", json: request }),
    refusals: &[404, 409, 422, 429, 502],
    ..Doc::new("Connects a provider", &[CONNECTED])
};

const CONNECTED: Answered = Answered {
    status: 200,
    description: "It is connected with the credential. One that was never tested was tested first, where the provider has a test. With authType oauth2: where to send the person; it is connected when the flow completes.",
    content: Content::One(Schema { name: "ConnectAnswer", json: answered }),
};

fn answered() -> Value {
    json!({ "anyOf": [schema_of::<Connected<'_>>(), schema_of::<Begun<'_>>()] })
}

/// Where to send the person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Begun<'a> {
    authorization_url: &'a str,
    state: &'a str,
    #[schemars(with = "Moment")]
    expires_at: String,
}

const CREDENTIAL_ID: &str = "credentialId";
const REDIRECT_URL: &str = "redirectUrl";

fn request() -> Value {
    json!({
        "type": "object",
        "description": "A provider with authType api_key needs credentialId, the credential to use. One with authType oauth2 needs redirectUrl, where to send the person afterwards.",
        "additionalProperties": false,
        "properties": {
            CREDENTIAL_ID: or_null(credential_id_schema()),
            REDIRECT_URL: { "type": ["string", "null"] },
        },
    })
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Connected<'a> {
    #[schemars(schema_with = "schema::integration_id")]
    integration_id: String,
    #[schemars(schema_with = "schema::provider")]
    provider: &'a str,
    #[schemars(schema_with = "schema::connected_status")]
    status: &'static str,
    #[schemars(with = "Moment")]
    connected_at: String,
}

async fn handle(mut call: Call<to::ManageIntegrations>) -> Result<HttpResponse, Refusal> {
    let body = call.body()?;
    let asked = read(body, call.path("provider").to_owned())?;
    match call.app.connections.connect(&call.caller, asked).await.map_err(in_camel_case)? {
        Connecting::Connected(integration) => Ok(ok(&Connected {
            integration_id: integration.id.to_string(),
            provider: integration.provider.as_str(),
            status: IntegrationStatus::Connected.as_str(),
            connected_at: timestamp::format(integration.connected_at),
        })),
        Connecting::Begun(begun) => Ok(ok(&Begun {
            authorization_url: begun.authorization_url.expose(),
            state: begun.state.expose(),
            expires_at: timestamp::format(begun.expires_at),
        })),
    }
}

/// Which of the two fields must be there depends on the provider, so the shape asks for neither.
fn read(mut body: Fields, provider: String) -> Result<ConnectIntegration, Refusal> {
    let credential_id = body.parsed(CREDENTIAL_ID, CredentialId::parse);
    let redirect_url = body.optional(REDIRECT_URL);
    body.finish(|| Some(ConnectIntegration { provider, credential_id, redirect_url }))
}

/// Names the fields as this dialect's callers do.
fn in_camel_case(failure: Failure) -> Failure {
    let Failure::Invalid(violations) = failure else { return failure };
    let rename = |violation: Violation| {
        let field = match violation.field.as_str() {
            "credential_id" => CREDENTIAL_ID.to_owned(),
            "redirect_url" => REDIRECT_URL.to_owned(),
            _ => violation.field,
        };
        Violation { field, rule: violation.rule }
    };
    Failure::Invalid(violations.into_iter().map(rename).collect())
}
