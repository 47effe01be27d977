//! `POST /v1/integrations/{provider}/credentials`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::{StoreIntegrationCredential, to};
use strongroom_domain::{CredentialName, timestamp};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Fields, Handle, Moment, Refusal, Route, Schema, credentials_schema,
    name_schema, or_null, schema_of,
};

use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/v1/integrations/{provider}/credentials", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "ConnectCredentialsRequest", json: request }),
    refusals: &[404, 409, 422, 429],
    ..Doc::new("Stores credentials of a provider with authType api_key, tested first", &[STORED])
};

const STORED: Answered = Answered {
    status: 201,
    description: "They are stored: validated, or unverified when the provider has no test or did not answer it.",
    content: Content::One(Schema { name: "ConnectCredentials", json: schema_of::<Stored<'_>> }),
};

fn request() -> Value {
    let credentials = json!({ "api_key": "dd_api_key_EXAMPLE", "application_key": "dd_app_key_EXAMPLE" });
    json!({
        "type": "object",
        "description": "The requiredFields of the catalog must be among the credentials. The label is the provider's name when absent.",
        "required": ["credentials"],
        "additionalProperties": false,
        "properties": { "credentials": credentials_schema(), "label": or_null(name_schema()) },
        "examples": [{ "credentials": credentials, "label": "Production" }],
    })
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
    let body = call.body()?;
    let new = read(body, call.path("provider").to_owned())?;
    let label = new.label.clone();
    let credential = call.app.connections.store_credential(&call.caller, new).await?;
    Ok(HttpResponse::Created().json(Stored {
        credential_id: credential.id.to_prefixed(),
        provider: credential.provider.as_str(),
        label: label.as_ref().map(CredentialName::as_str),
        status: credential.status.as_str(),
        created_at: timestamp::format(credential.created_at),
    }))
}

fn read(mut body: Fields, provider: String) -> Result<StoreIntegrationCredential, Refusal> {
    let credentials = body.required("credentials");
    let label = body.parsed("label", CredentialName::parse);
    body.finish(|| Some(StoreIntegrationCredential { provider, credentials: credentials?, label }))
}
