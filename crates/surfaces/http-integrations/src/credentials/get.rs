//! `GET /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{Call, Route};

use crate::metadata::shown;

pub(crate) const ROUTE: Route =
    Route::get("/integrations/credentials/{credential_id}", Operation::GetCredential, |call| {
        Box::pin(handle(call))
    });

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let credential = call.app.get_credential(&call.caller, call.credential_id()?).await?;
    Ok(shown(&credential))
}
