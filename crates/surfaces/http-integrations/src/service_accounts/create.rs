//! `POST /service-accounts`

use actix_web::HttpResponse;
use strongroom_application::{Failure, NewServiceAccount};
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{Operation, Reach};
use strongroom_http_kit::{Call, Fields, Route, created};

use super::{Account, credential_ids, description, providers, scopes};

pub(crate) const ROUTE: Route =
    Route::post("/service-accounts", Operation::ManageServiceAccounts, |call| Box::pin(handle(call)));

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let new = read(call.body()?)?;
    let account = call.app.create_service_account(&call.caller, new).await?;
    Ok(created(format!("/service-accounts/{}", account.id), &Account::from(&account)))
}

fn read(mut body: Fields) -> Result<NewServiceAccount, Failure> {
    if !body.has("name") {
        body.required::<String>("name");
    }
    let name = body.parsed("name", AccountName::parse);
    let description = body.parsed("description", description);
    let scopes = scopes(&mut body);
    let reach = Reach {
        providers: providers(&mut body, "providers"),
        credentials: credential_ids(&mut body, "credential_ids"),
    };
    body.finish(|| Some(NewServiceAccount { name: name?, description, scopes, reach }))
}
