//! `GET /integration-credentials/`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, ok_secret};

use crate::object::{CREDENTIAL, Object};

pub(crate) const ROUTE: Route = route("/integration-credentials/");

pub(crate) const WITHOUT_SLASH: Route = route("/integration-credentials");

const fn route(path: &'static str) -> Route {
    Route::get(path, const { &Handle::with(handle) }, &DOC).long()
}

static DOC: Doc = Doc::new(
    "Lists the credentials of all CRMs",
    &[Answered {
        status: 200,
        description: "All credentials of this dialect, newest first.",
        body: AnswerBody::List(CREDENTIAL),
    }],
);

async fn handle(call: Call<to::ShowCrmCredentials>) -> Result<HttpResponse, Refusal> {
    let listed = call.app.crm.list(&call.caller).await?;
    let objects: Vec<Object<'_>> = listed.iter().map(Object::from).collect();
    ok_secret(StatusCode::OK, &objects)
}
