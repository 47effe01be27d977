//! `GET /integration-credentials/{credential_id}` and `GET /integration-credentials/provider/{provider}`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, ETAG, Handle, Refusal, Route};

use crate::object::{CREDENTIAL, shown};
use crate::request::credential_id;

pub(crate) const ROUTE: Route =
    Route::get("/integration-credentials/{credential_id}", &Handle::with(handle), &DOC);

pub(crate) const BY_PROVIDER: Route = Route::get(
    "/integration-credentials/provider/{provider}",
    &Handle::with(handle_provider),
    &DOC_BY_PROVIDER,
);

static DOC: Doc =
    Doc { refusals: &[404, 409], answer_headers: &[ETAG], ..Doc::new("Shows a credential", ANSWERS) };

static DOC_BY_PROVIDER: Doc = Doc {
    refusals: &[400, 404, 409],
    answer_headers: &[ETAG],
    ..Doc::new("Shows the credential of a CRM", ANSWERS)
};

const ANSWERS: &[Answered] =
    &[Answered { status: 200, description: "The credential.", body: AnswerBody::One(CREDENTIAL) }];

async fn handle(call: Call<to::ShowCrmCredentials>) -> Result<HttpResponse, Refusal> {
    let found = call.app.crm.show(&call.caller, credential_id(&call)?).await?;
    shown(StatusCode::OK, &found)
}

async fn handle_provider(call: Call<to::ShowCrmCredentials>) -> Result<HttpResponse, Refusal> {
    let found = call.app.crm.show_of(&call.caller, call.path("provider")).await?;
    shown(StatusCode::OK, &found)
}
