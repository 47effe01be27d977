//! `PATCH /service-accounts/{service_account_id}`

use actix_web::HttpResponse;
use strongroom_application::{ChangeServiceAccount, Failure};
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{Operation, ServiceAccountStatus};
use strongroom_http_kit::{Call, Fields, Route, ok};

use super::{Account, account_id, credential_ids, description, providers, scopes};

pub(crate) const ROUTE: Route =
    Route::patch("/service-accounts/{service_account_id}", Operation::ManageServiceAccounts, |call| {
        Box::pin(handle(call))
    });

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let id = account_id(&call)?;
    let change = read(call.body()?)?;
    let account = call.app.change_service_account(&call.caller, id, change).await?;
    Ok(ok(&Account::from(&account)))
}

fn read(mut body: Fields) -> Result<ChangeServiceAccount, Failure> {
    let name = body.parsed("name", AccountName::parse);
    let description = body.nullable("description", |body, name| body.parsed(name, description));
    let scopes = scopes(&mut body);
    let providers = body.nullable("providers", providers);
    let credentials = body.nullable("credential_ids", credential_ids);
    let status = body.choice("status", ServiceAccountStatus::parse);
    body.finish(|| Some(ChangeServiceAccount { name, description, scopes, providers, credentials, status }))
}
