//! `GET /service-accounts/{service_account_id}`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, ok};

use super::{Account, SERVICE_ACCOUNT, account_id};

pub(crate) const ROUTE: Route =
    Route::get("/service-accounts/{service_account_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    refusals: &[400, 404],
    ..Doc::new(
        "Shows a service account",
        &[Answered {
            status: 200,
            description: "The service account.",
            body: AnswerBody::One(SERVICE_ACCOUNT),
        }],
    )
};

async fn handle(call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let account = call.app.access.get_account(&call.caller, account_id(&call)?).await?;
    Ok(ok(&Account::from(&account)))
}
