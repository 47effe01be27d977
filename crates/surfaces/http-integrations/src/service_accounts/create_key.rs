//! `POST /service-accounts/{service_account_id}/api-keys`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::{NewApiKey, to};
use strongroom_domain::service_account::AccountName;
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Fields, Handle, Refusal, Route, Schema, name_schema, ok_secret, or_null,
    schema_of,
};

use super::{Key, account_id};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/service-accounts/{service_account_id}/api-keys", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "NewApiKey", json: new_key }),
    refusals: &[404],
    ..Doc::new(
        "Issues an API key",
        &[Answered {
            status: 201,
            description: "The key, with its token, which is shown this once.",
            content: Content::One(Schema { name: "IssuedApiKey", json: schema_of::<Issued<'_>> }),
        }],
    )
};

/// A new key. Its token is shown this once.
#[derive(Serialize, JsonSchema)]
struct Issued<'a> {
    #[serde(flatten)]
    key: Key<'a>,
    token: &'a str,
}

async fn handle(mut call: Call<to::ManageApiKeys>) -> Result<HttpResponse, Refusal> {
    let id = account_id(&call)?;
    let new = read(call.body()?)?;
    let issued = call.app.access.create_key(&call.caller, id, new).await?;
    let body = Issued { key: Key::from(&issued.key), token: issued.token.expose() };
    ok_secret(StatusCode::CREATED, &body, 2_048)
}

fn read(mut body: Fields) -> Result<NewApiKey, Refusal> {
    if !body.has("name") {
        body.required::<String>("name");
    }
    let name = body.parsed("name", AccountName::parse);
    let expires_at = body.optional("expires_at");
    body.finish(|| Some(NewApiKey { name: name?, expires_at }))
}

fn new_key() -> Value {
    json!({
        "type": "object",
        "properties": { "name": name_schema(), "expires_at": or_null(schema::moment()) },
        "required": ["name"],
        "additionalProperties": false,
        "examples": [{ "name": "importer, since May" }],
    })
}
