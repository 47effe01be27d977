//! `DELETE /integration-credentials/{credential_id}`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, IF_MATCH, Refusal, Route, Schema, ok};

use crate::request::credential_id;

pub(crate) const ROUTE: Route =
    Route::delete("/integration-credentials/{credential_id}", &Handle::with(handle), &DOC);

static DOC: Doc = Doc {
    headers: &[IF_MATCH],
    refusals: &[400, 404, 412],
    ..Doc::new(
        "Destroys a credential",
        &[Answered {
            status: 200,
            description: "The credential is destroyed, and its provider is free again.",
            body: AnswerBody::One(Schema { name: "CrmDeleted", json: schema }),
        }],
    )
};

async fn handle(call: Call<to::DeleteCredential>) -> Result<HttpResponse, Refusal> {
    let id = credential_id(&call)?;
    call.app.crm.delete(&call.caller, id, call.if_match()?).await?;
    Ok(ok(&json!({ "message": format!("Integration credentials {id} deleted successfully") })))
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "message": { "type": "string" } },
        "required": ["message"],
    })
}
