//! `POST /service-accounts/{service_account_id}/api-keys`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{NewApiKey, to};
use strongroom_domain::service_account::AccountName;
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, Schema, body_of, ok_secret, request, schema_of,
};
use time::OffsetDateTime;

use super::{Key, account_id};

pub(crate) const ROUTE: Route =
    Route::post("/service-accounts/{service_account_id}/api-keys", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<NewKey>(),
    refusals: &[404],
    ..Doc::new(
        "Issues an API key",
        &[Answered {
            status: 201,
            description: "The key with its token. The token is never shown again.",
            body: AnswerBody::One(Schema { name: "IssuedApiKey", json: schema_of::<Issued<'_>> }),
        }],
    )
};

/// A new key. Its token is never shown again.
#[derive(Serialize, JsonSchema)]
struct Issued<'a> {
    #[serde(flatten)]
    key: Key<'a>,
    token: &'a str,
}

request! {
    /// An API key to issue.
    struct NewKey as "NewApiKey" {
        /// A name for people, 1 to 200 printable characters; white space around it is cut off.
        name: AccountName,
        /// When the key stops working; it works until it is revoked when absent.
        expires_at: Option<OffsetDateTime>,
    }
    with json!({ "examples": [{ "name": "importer, since May" }] });
}

async fn handle(mut call: Call<to::ManageApiKeys>) -> Result<HttpResponse, Refusal> {
    let id = account_id(&call)?;
    let NewKey { name, expires_at } = call.body()?;
    let issued = call.app.access.create_key(&call.caller, id, NewApiKey { name, expires_at }).await?;
    let body = Issued { key: Key::from(&issued.key), token: issued.token.expose() };
    ok_secret(StatusCode::CREATED, &body)
}
