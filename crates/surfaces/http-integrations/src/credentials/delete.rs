//! `DELETE /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{Call, Route, no_content};

pub(crate) const ROUTE: Route =
    Route::delete("/integrations/credentials/{credential_id}", Operation::DeleteCredential, |call| {
        Box::pin(handle(call))
    });

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    call.app.delete_credential(&call.caller, call.credential_id()?, call.if_match()?).await?;
    Ok(no_content())
}
