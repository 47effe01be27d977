//! `POST /integrations/credentials/{credential_id}/refresh`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route};

use crate::metadata::{CREDENTIAL, shown};

pub(crate) const ROUTE: Route =
    Route::act("/integrations/credentials/{credential_id}/refresh", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    refusals: &[404, 409, 502],
    ..Doc::new(
        "Refreshes the access token of an OAuth grant now",
        &[Answered {
            status: 200,
            description: "The credential, with the version of its new token.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

async fn handle(call: Call<to::RefreshCredential>) -> Result<HttpResponse, Refusal> {
    let id = call.credential_id()?;
    Ok(shown(&call.app.refreshing.refresh_now(&call.caller, id).await?))
}
