//! The desk for access: authentication, service accounts and their keys.

mod accounts;
mod authenticating;
mod caching;
mod keys;
mod refusals;
mod waiting;

use strongroom_application::{
    Application, Caller, Failure, IssuedApiKey, NewApiKey, NewServiceAccount, Presented,
};
use strongroom_domain::audit::Origin;
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{Reach, Scope, ServiceAccount, ServiceAccountId};

use crate::house::{admin, admitted};

const REFUSED: Failure = Failure::Unauthenticated { presented: true };

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn new_account() -> NewServiceAccount {
    NewServiceAccount { name: name("engine"), description: None, scopes: None, reach: Reach::default() }
}

async fn hire(app: &Application) -> ServiceAccount {
    let new = NewServiceAccount { scopes: Some(Scope::ALL.into()), ..new_account() };
    app.access.create_account(&admitted(app, &admin()), new).await.unwrap()
}

async fn issue(app: &Application, account: ServiceAccountId) -> IssuedApiKey {
    let new = NewApiKey { name: name("ci"), expires_at: None };
    app.access.create_key(&admitted(app, &admin()), account, new).await.unwrap()
}

async fn authenticate(
    app: &Application,
    bearer: Option<&str>,
    api_key: Option<&str>,
) -> Result<Caller, Failure> {
    app.access.authenticate(Presented::Readable { bearer, api_key }, Origin::default()).await
}

/// Presents a key in the header that is made for it.
async fn present(app: &Application, token: &str) -> Result<Caller, Failure> {
    authenticate(app, None, Some(token)).await
}
