//! `GET /service-accounts`

use actix_web::HttpResponse;
use strongroom_application::Failure;
use strongroom_domain::Operation;
use strongroom_http_kit::{Call, Route, ok};

use super::Account;
use crate::credentials::list::page_size;

pub(crate) const ROUTE: Route =
    Route::get("/service-accounts", Operation::ManageServiceAccounts, |call| Box::pin(handle(call)));

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let mut query = call.query();
    let offset = query.optional("offset").unwrap_or(0);
    let limit = query.parsed("limit", |text| page_size(text, 500)).unwrap_or(100);
    query.finish(|| Some(()))?;
    let accounts = call.app.list_service_accounts(&call.caller, offset, limit).await?;
    let objects: Vec<Account<'_>> = accounts.iter().map(Account::from).collect();
    Ok(ok(&objects))
}
