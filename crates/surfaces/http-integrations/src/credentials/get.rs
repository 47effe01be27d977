//! `GET /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, ETAG, Handle, Refusal, Route};

use crate::metadata::{CREDENTIAL, shown};

pub(crate) const ROUTE: Route =
    Route::get("/integrations/credentials/{credential_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    answer_headers: &[ETAG],
    refusals: &[400, 404],
    ..Doc::new(
        "Shows a credential without its secret",
        &[Answered {
            status: 200,
            description: "The credential without its secret.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

async fn handle(call: Call<to::GetCredential>) -> Result<HttpResponse, Refusal> {
    let credential = call.app.credentials.get(&call.caller, call.credential_id()?).await?;
    Ok(shown(&credential))
}
