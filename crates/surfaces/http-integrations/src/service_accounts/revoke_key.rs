//! `DELETE /service-accounts/{service_account_id}/api-keys/{key_id}`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_domain::ApiKeyId;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, no_content};

use super::account_id;

pub(crate) const ROUTE: Route =
    Route::delete("/service-accounts/{service_account_id}/api-keys/{key_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    refusals: &[400, 404],
    ..Doc::new(
        "Revokes an API key",
        &[Answered { status: 204, description: "The key no longer works.", body: AnswerBody::None }],
    )
};

async fn handle(call: Call<to::ManageApiKeys>) -> Result<HttpResponse, Refusal> {
    let key = call.path_id("key_id", ApiKeyId::parse)?;
    call.app.access.revoke_key(&call.caller, account_id(&call)?, &key).await?;
    Ok(no_content())
}
