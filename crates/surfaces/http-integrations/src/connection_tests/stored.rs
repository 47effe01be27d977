//! `POST /integrations/credentials/{credential_id}/test`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Handle, Refusal, Route};

use super::{REPORTED, answer};

pub(crate) const ROUTE: Route =
    Route::act("/integrations/credentials/{credential_id}/test", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    answer_headers: &ALLOWANCE,
    refusals: &[404, 409, 429],
    ..Doc::new("Tests a stored credential", REPORTED)
};

async fn handle(call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let id = call.credential_id()?;
    Ok(answer(&call.app.connection_tests.test_stored(&call.caller, id, None).await?))
}
