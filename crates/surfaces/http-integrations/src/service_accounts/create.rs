//! `POST /service-accounts`

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_application::{NewServiceAccount, to};
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{CredentialId, ProviderId, Reach};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, LOCATION, Refusal, Route, body_of, created, request,
};

use super::{Account, Description, SERVICE_ACCOUNT, Scopes};

pub(crate) const ROUTE: Route = Route::post("/service-accounts", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<NewAccount>(),
    answer_headers: &[LOCATION],
    ..Doc::new(
        "Creates a service account",
        &[Answered {
            status: 201,
            description: "The account is created.",
            body: AnswerBody::One(SERVICE_ACCOUNT),
        }],
    )
};

request! {
    /// A service account to create.
    struct NewAccount as "NewServiceAccount" {
        /// A name for people, 1 to 200 printable characters; white space around it is cut off.
        name: AccountName,
        /// What the account is for, at most 1000 characters.
        description: Option<Description>,
        /// What the account may do; `credentials:read` and `secrets:read` when absent.
        scopes: Option<Scopes>,
        /// The only providers that the account reaches; every provider when absent.
        providers: Option<BTreeSet<ProviderId>>,
        /// The only credentials that the account reaches; every credential when absent.
        #[schema({ "maxItems": 500 })]
        credential_ids: Option<BTreeSet<CredentialId>>,
    }
    with json!({ "examples": [{ "name": "importer", "scopes": ["credentials:read", "secrets:read"] }] });
}

async fn handle(mut call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let new = call.body::<NewAccount>()?.into_new();
    let account = call.app.access.create_account(&call.caller, new).await?;
    let location = call.address(&format!("/service-accounts/{}", account.id));
    Ok(created(location, &Account::from(&account)))
}

impl NewAccount {
    fn into_new(self) -> NewServiceAccount {
        NewServiceAccount {
            name: self.name,
            description: self.description.map(|text| text.0),
            scopes: self.scopes.map(|scopes| scopes.0),
            reach: Reach { providers: self.providers, credentials: self.credential_ids },
        }
    }
}
