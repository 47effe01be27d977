//! `DELETE /v1/integrations/{provider}/connect`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, no_content};

pub(crate) const ROUTE: Route =
    Route::delete("/v1/integrations/{provider}/connect", &Handle::with(handle), &DOC);

const DOC: Doc = Doc { refusals: &[404], ..Doc::new("Disconnects a provider", &[DISCONNECTED]) };

const DISCONNECTED: Answered = Answered {
    status: 204,
    description: "It is disconnected; the credential stays.",
    body: AnswerBody::None,
};

async fn handle(call: Call<to::ManageIntegrations>) -> Result<HttpResponse, Refusal> {
    call.app.connections.disconnect(&call.caller, call.path("provider")).await?;
    Ok(no_content())
}
