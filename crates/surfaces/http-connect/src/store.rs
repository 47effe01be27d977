//! `POST /v1/integrations/{provider}/credentials`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{StoreIntegrationCredential, to};
use strongroom_domain::{CredentialName, Submission, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, Moment, Refusal, Route, Schema, body_of, request, schema_of,
};

use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/v1/integrations/{provider}/credentials", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<NewCredentials>(),
    refusals: &[404, 409, 422, 429],
    ..Doc::new("Stores credentials of a provider with authType api_key, tested first", &[STORED])
};

const STORED: Answered = Answered {
    status: 201,
    description: "The credentials are stored. Their status is validated, or unverified when the provider has no test or did not answer.",
    body: AnswerBody::One(Schema { name: "ConnectCredentials", json: schema_of::<Stored<'_>> }),
};

request! {
    /// Credentials of the provider. The requiredFields of the catalog must be among them.
    struct NewCredentials as "ConnectCredentialsRequest" {
        credentials: Submission,
        /// A name for people, 1 to 200 printable characters; the provider's name when absent.
        label: Option<CredentialName>,
    }
    with json!({ "examples": [{
        "credentials": { "api_key": "dd_api_key_EXAMPLE", "application_key": "dd_app_key_EXAMPLE" },
        "label": "Production",
    }] });
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
    #[schemars(schema_with = "schema::credential_id")]
    credential_id: String,
    #[schemars(schema_with = "schema::provider")]
    provider: &'a str,
    label: Option<&'a str>,
    #[schemars(schema_with = "schema::stored_status")]
    status: &'static str,
    #[schemars(with = "Moment")]
    created_at: String,
}

async fn handle(mut call: Call<to::ManageIntegrations>) -> Result<HttpResponse, Refusal> {
    let NewCredentials { credentials, label } = call.body()?;
    let provider = call.path("provider").to_owned();
    let new = StoreIntegrationCredential { provider, credentials, label: label.clone() };
    let credential = call.app.connections.store_credential(&call.caller, new).await?;
    Ok(HttpResponse::Created().json(Stored {
        credential_id: credential.id.to_prefixed(),
        provider: credential.provider.as_str(),
        label: label.as_ref().map(CredentialName::as_str),
        status: credential.status.as_str(),
        created_at: timestamp::format(credential.created_at),
    }))
}
