//! `DELETE /service-accounts/{service_account_id}`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, no_content};

use super::account_id;

pub(crate) const ROUTE: Route =
    Route::delete("/service-accounts/{service_account_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    refusals: &[400, 404],
    ..Doc::new(
        "Removes a service account and its keys",
        &[Answered {
            status: 204,
            description: "The account and its keys are removed.",
            body: AnswerBody::None,
        }],
    )
};

async fn handle(call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    call.app.access.delete_account(&call.caller, account_id(&call)?).await?;
    Ok(no_content())
}
