//! `GET /service-accounts/{service_account_id}/api-keys`

use actix_web::HttpResponse;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{Call, Route, ok};

use super::{Key, account_id};

pub(crate) const ROUTE: Route =
    Route::get("/service-accounts/{service_account_id}/api-keys", Operation::ManageApiKeys, |call| {
        Box::pin(handle(call))
    });

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let keys = call.app.list_api_keys(&call.caller, account_id(&call)?).await?;
    let objects: Vec<Key<'_>> = keys.iter().map(Key::from).collect();
    Ok(ok(&objects))
}
