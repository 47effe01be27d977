//! `DELETE /v1/integrations/{provider}/connect`

use actix_web::HttpResponse;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{Answered, Call, Content, Doc, Route, no_content};

pub(crate) const ROUTE: Route = Route::delete(
    "/v1/integrations/{provider}/connect",
    Operation::ManageIntegrations,
    |call| Box::pin(handle(call)),
    &DOC,
);

const DOC: Doc = Doc { refusals: &[404], ..Doc::new("Disconnects a provider", &[DISCONNECTED]) };

const DISCONNECTED: Answered = Answered {
    status: 204,
    description: "It is disconnected; the credential stays.",
    content: Content::None,
};

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    call.app.disconnect_integration(&call.caller, call.path("provider")).await?;
    Ok(no_content())
}
