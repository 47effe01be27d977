//! `POST /service-accounts/{service_account_id}/api-keys`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use strongroom_application::{Failure, NewApiKey};
use strongroom_domain::Operation;
use strongroom_domain::service_account::AccountName;
use strongroom_http_kit::{Call, Fields, Route, ok_secret};

use super::{Key, account_id};

pub(crate) const ROUTE: Route =
    Route::post("/service-accounts/{service_account_id}/api-keys", Operation::ManageApiKeys, |call| {
        Box::pin(handle(call))
    });

/// A new key. Its token is shown this once.
#[derive(Serialize)]
struct Issued<'a> {
    #[serde(flatten)]
    key: Key<'a>,
    token: &'a str,
}

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let id = account_id(&call)?;
    let new = read(call.body()?)?;
    let issued = call.app.create_api_key(&call.caller, id, new).await?;
    let body = Issued { key: Key::from(&issued.key), token: issued.token.expose() };
    ok_secret(StatusCode::CREATED, &body, 2_048)
}

fn read(mut body: Fields) -> Result<NewApiKey, Failure> {
    if !body.has("name") {
        body.required::<String>("name");
    }
    let name = body.parsed("name", AccountName::parse);
    let expires_at = body.optional("expires_at");
    body.finish(|| Some(NewApiKey { name: name?, expires_at }))
}
