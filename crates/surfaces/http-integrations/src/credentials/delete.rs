//! `DELETE /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, IF_MATCH, Refusal, Request, Route, no_content, request,
};

pub(crate) const ROUTE: Route =
    Route::delete("/integrations/credentials/{credential_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[DeleteQuery::FIELDS],
    headers: &[IF_MATCH],
    refusals: &[400, 404, 412],
    ..Doc::new(
        "Destroys a credential at once",
        &[Answered {
            status: 204,
            description: "The credential and its secret are destroyed.",
            body: AnswerBody::None,
        }],
    )
};

request! {
    /// How to destroy a credential.
    struct DeleteQuery {
        /// Whether to revoke an OAuth token at its provider as well, as far as that can be done.
        #[schema({ "default": false })]
        revoke: Option<bool>,
    }
}

async fn handle(call: Call<to::DeleteCredential>) -> Result<HttpResponse, Refusal> {
    let revoke = call.query::<DeleteQuery>()?.revoke.unwrap_or(false);
    call.app.credentials.delete(&call.caller, call.credential_id()?, call.if_match()?, revoke).await?;
    Ok(no_content())
}
