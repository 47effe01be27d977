//! `POST /integrations/oauth/complete`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{CompleteAuthorization, to};
use strongroom_http_kit::{Answered, Call, Content, Doc, Fields, Handle, Refusal, Route, Schema};

use crate::metadata::{CREDENTIAL, shown};

pub(crate) const ROUTE: Route = Route::post("/integrations/oauth/complete", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "CompleteAuthorization", json: completion }),
    refusals: &[409],
    ..Doc::new(
        "Completes an authorization whose completion is `bound`, by the principal that began it",
        &[Answered {
            status: 200,
            description: "The credential, which is usable now.",
            content: Content::One(CREDENTIAL),
        }],
    )
};

async fn handle(mut call: Call<to::AuthorizeCredential>) -> Result<HttpResponse, Refusal> {
    let asked = read(call.body()?)?;
    Ok(shown(&call.app.authorizing.complete(&call.caller, asked).await?))
}

fn read(mut body: Fields) -> Result<CompleteAuthorization, Refusal> {
    let (state, completion_code) = (body.required("state"), body.required("completion_code"));
    let subject = body.optional("subject");
    body.finish(|| Some(CompleteAuthorization { state: state?, completion_code: completion_code?, subject }))
}

fn completion() -> Value {
    json!({
        "type": "object",
        "properties": {
            "state": { "type": "string" },
            "completion_code": { "type": "string" },
            "subject": { "type": ["string", "null"] },
        },
        "required": ["state", "completion_code"],
        "additionalProperties": false,
    })
}
