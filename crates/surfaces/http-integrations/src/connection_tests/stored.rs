//! `POST /integrations/credentials/{credential_id}/test`

use actix_web::HttpResponse;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Route};

use super::{REPORTED, answer};

pub(crate) const ROUTE: Route = Route::act(
    "/integrations/credentials/{credential_id}/test",
    Operation::TestCredential,
    |call| Box::pin(handle(call)),
    &DOC,
);

const DOC: Doc = Doc {
    answer_headers: &ALLOWANCE,
    refusals: &[404, 409, 429],
    ..Doc::new("Tests a stored credential", REPORTED)
};

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let id = call.credential_id()?;
    Ok(answer(&call.app.test_stored_credential(&call.caller, id, None).await?))
}
