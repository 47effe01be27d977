//! `POST /integrations/oauth/complete`

use actix_web::HttpResponse;
use strongroom_application::{CompleteAuthorization, to};
use strongroom_domain::SecretText;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, body_of, request};

use crate::metadata::{CREDENTIAL, shown};

pub(crate) const ROUTE: Route = Route::post("/integrations/oauth/complete", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<Completion>(),
    refusals: &[409],
    ..Doc::new(
        "Completes an authorization whose completion is `bound`, by the principal that began it",
        &[Answered {
            status: 200,
            description: "The credential, which is usable now.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

request! {
    /// What the principal that began a flow presents to complete it.
    struct Completion as "CompleteAuthorization" {
        /// The state that the answer to its beginning held.
        state: SecretText,
        /// The code that the person's browser brought back.
        completion_code: SecretText,
        /// The end user for whom a service account began the flow.
        subject: Option<String>,
    }
}

async fn handle(mut call: Call<to::AuthorizeCredential>) -> Result<HttpResponse, Refusal> {
    let Completion { state, completion_code, subject } = call.body()?;
    let asked = CompleteAuthorization { state, completion_code, subject };
    Ok(shown(&call.app.authorizing.complete(&call.caller, asked).await?))
}
