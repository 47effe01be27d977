//! `DELETE /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_application::to;
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Handle, IF_MATCH, Parameter, Refusal, Route, no_content,
};

pub(crate) const ROUTE: Route =
    Route::delete("/integrations/credentials/{credential_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[Parameter {
        name: "revoke",
        description: "Whether to revoke an OAuth token at its provider as well, as far as that can be done.",
        schema: || json!({ "type": "boolean", "default": false }),
    }],
    headers: &[IF_MATCH],
    refusals: &[400, 404, 412],
    ..Doc::new(
        "Destroys a credential at once",
        &[Answered { status: 204, description: "It is gone.", content: Content::None }],
    )
};

async fn handle(call: Call<to::DeleteCredential>) -> Result<HttpResponse, Refusal> {
    let mut query = call.query();
    let revoke = query.flag("revoke");
    query.finish(|| Some(()))?;
    call.app.credentials.delete(&call.caller, call.credential_id()?, call.if_match()?, revoke).await?;
    Ok(no_content())
}
