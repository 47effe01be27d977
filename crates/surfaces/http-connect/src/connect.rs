//! `POST /v1/integrations/{provider}/connect`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::{BegunAuthorization, ConnectIntegration, Connecting, to};
use strongroom_domain::{CredentialId, Integration, IntegrationStatus, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, Moment, Refusal, Route, Schema, body_of, ok, renamed, request,
    schema_of,
};

use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/v1/integrations/{provider}/connect", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<ConnectRequest>(),
    refusals: &[404, 409, 422, 429, 502],
    ..Doc::new("Connects a provider", &[CONNECTED])
};

const CONNECTED: Answered = Answered {
    status: 200,
    description: "With authType api_key: the provider is connected with the credential, which was tested first if it never had been and the provider has a test. With authType oauth2: the address to send the person to; the provider is connected when the flow completes.",
    body: AnswerBody::One(Schema { name: "ConnectAnswer", json: answered }),
};

fn answered() -> Value {
    json!({ "anyOf": [schema_of::<Connected<'_>>(), schema_of::<Begun<'_>>()] })
}

/// An authorization that has begun.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Begun<'a> {
    authorization_url: &'a str,
    state: &'a str,
    #[schemars(with = "Moment")]
    expires_at: String,
}

request! {
    /// What to connect with. A provider with authType api_key needs credentialId, one with authType oauth2
    /// needs redirectUrl.
    struct ConnectRequest as "ConnectRequest" {
        /// The credential to use, in either spelling of its id.
        credential_id as "credentialId": Option<CredentialId>,
        /// Where to send the person after the provider has granted.
        redirect_url as "redirectUrl": Option<String>,
    }
}

/// The names of this dialect, each with the name in the use case.
const CAMEL_CASE: [(&str, &str); 2] = [("credentialId", "credential_id"), ("redirectUrl", "redirect_url")];

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
    let ConnectRequest { credential_id, redirect_url } = call.body()?;
    let provider = call.path("provider").to_owned();
    let asked = ConnectIntegration { provider, credential_id, redirect_url };
    let connecting = call.app.connections.connect(&call.caller, asked).await;
    Ok(match connecting.map_err(|failure| renamed(failure, &CAMEL_CASE))? {
        Connecting::Connected(integration) => ok(&Connected::from(&integration)),
        Connecting::Begun(begun) => ok(&Begun::from(&begun)),
    })
}

impl<'a> From<&'a Integration> for Connected<'a> {
    fn from(integration: &'a Integration) -> Self {
        Self {
            integration_id: integration.id.to_string(),
            provider: integration.provider.as_str(),
            status: IntegrationStatus::Connected.as_str(),
            connected_at: timestamp::format(integration.connected_at),
        }
    }
}

impl<'a> From<&'a BegunAuthorization> for Begun<'a> {
    fn from(begun: &'a BegunAuthorization) -> Self {
        Self {
            authorization_url: begun.authorization_url.expose(),
            state: begun.state.expose(),
            expires_at: timestamp::format(begun.expires_at),
        }
    }
}
