//! `GET /service-accounts/{service_account_id}/api-keys`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, ok};

use super::{API_KEY, Key, account_id};

pub(crate) const ROUTE: Route =
    Route::get("/service-accounts/{service_account_id}/api-keys", &Handle::with(handle), &DOC).long();

const DOC: Doc = Doc {
    refusals: &[400, 404],
    ..Doc::new(
        "Lists the API keys of a service account, newest first",
        &[Answered {
            status: 200,
            description: "All keys of the account, without their tokens.",
            body: AnswerBody::List(API_KEY),
        }],
    )
};

async fn handle(call: Call<to::ManageApiKeys>) -> Result<HttpResponse, Refusal> {
    let keys = call.app.access.list_keys(&call.caller, account_id(&call)?).await?;
    let objects: Vec<Key<'_>> = keys.iter().map(Key::from).collect();
    Ok(ok(&objects))
}
