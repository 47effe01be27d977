//! `PATCH /service-accounts/{service_account_id}`

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use strongroom_application::{ChangeServiceAccount, to};
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{CredentialId, ProviderId, ServiceAccountStatus};
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, body_of, ok, request};

use super::{Account, Description, SERVICE_ACCOUNT, Scopes, account_id};

pub(crate) const ROUTE: Route =
    Route::patch("/service-accounts/{service_account_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<AccountChange>(),
    refusals: &[404],
    ..Doc::new(
        "Changes a service account",
        &[Answered {
            status: 200,
            description: "The account as it is now.",
            body: AnswerBody::One(SERVICE_ACCOUNT),
        }],
    )
};

request! {
    /// What to change of a service account; fields that are absent stay as they are.
    struct AccountChange as "ServiceAccountChange" {
        /// A new name, 1 to 200 printable characters; white space around it is cut off.
        name: Option<AccountName>,
        /// What the account is for, at most 1000 characters; `null` removes it.
        description: Option<Option<Description>>,
        /// What the account may do.
        scopes: Option<Scopes>,
        /// The only providers that the account reaches; `null` lifts the limit.
        providers: Option<Option<BTreeSet<ProviderId>>>,
        /// The only credentials that the account reaches; `null` lifts the limit.
        #[schema({ "maxItems": 500 })]
        credential_ids: Option<Option<BTreeSet<CredentialId>>>,
        /// Whether the keys of the account work.
        status: Option<ServiceAccountStatus>,
    }
}

async fn handle(mut call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let id = account_id(&call)?;
    let change = call.body::<AccountChange>()?.into_change();
    let account = call.app.access.change_account(&call.caller, id, change).await?;
    Ok(ok(&Account::from(&account)))
}

impl AccountChange {
    fn into_change(self) -> ChangeServiceAccount {
        ChangeServiceAccount {
            name: self.name,
            description: self.description.map(|text| text.map(|text| text.0)),
            scopes: self.scopes.map(|scopes| scopes.0),
            providers: self.providers,
            credentials: self.credential_ids,
            status: self.status,
        }
    }
}
