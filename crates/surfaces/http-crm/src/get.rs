//! `GET /integration-credentials/{credential_id}` and `GET /integration-credentials/provider/{provider}`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{Answered, Call, Content, Doc, ETAG, Route};

use crate::object::{CREDENTIAL, shown};
use crate::request::credential_id;

pub(crate) const ROUTE: Route = Route::get(
    "/integration-credentials/{credential_id}",
    Operation::ShowCrmCredentials,
    |call| Box::pin(handle(call)),
    &DOC,
);

pub(crate) const BY_PROVIDER: Route = Route::get(
    "/integration-credentials/provider/{provider}",
    Operation::ShowCrmCredentials,
    |call| Box::pin(handle_provider(call)),
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
    &[Answered { status: 200, description: "The credential.", content: Content::One(CREDENTIAL) }];

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let found = call.app.show_crm_credential(&call.caller, credential_id(&call)?).await?;
    shown(StatusCode::OK, &found)
}

async fn handle_provider(call: Call) -> Result<HttpResponse, Failure> {
    let found = call.app.show_crm_credential_of(&call.caller, call.path("provider")).await?;
    shown(StatusCode::OK, &found)
}
