//! `POST /integrations/credentials`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_application::{StoreCredential, to};
use strongroom_domain::{CredentialName, CredentialType, Slot, Submission};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, ETAG, Handle, LOCATION, ProviderName, Refusal, Request, Route, body_of,
    created, request, with_etag,
};
use time::OffsetDateTime;

use crate::metadata::{CREDENTIAL, Metadata};
use crate::refuse::REFUSED_OR_WRONG_SHAPE;

pub(crate) const ROUTE: Route = Route::post("/integrations/credentials", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[TestFirst::FIELDS],
    body: body_of::<NewCredential>(),
    answer_headers: &[LOCATION, ETAG],
    refusals: &[409, 429],
    own_refusals: &[(422, AnswerBody::One(REFUSED_OR_WRONG_SHAPE))],
    ..Doc::new(
        "Stores a credential",
        &[Answered {
            status: 201,
            description: "The credential is stored.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

request! {
    /// A credential to store.
    struct NewCredential as "NewCredential" {
        /// The provider's id in the catalog, in any case.
        #[schema({ "examples": ["sftp", "postgresql"] })]
        provider: ProviderName,
        /// How the credential authenticates; the catalog says which types a provider has.
        credential_type: CredentialType,
        credentials: Submission,
        /// A name for people, 1 to 200 printable characters; white space around it is cut off. Without one
        /// the credential is named like its provider.
        name: Option<CredentialName>,
        /// When the credential stops working unless it is renewed.
        expires_at: Option<OffsetDateTime>,
        /// A name that at most one credential of the organisation holds, to read the secret by.
        slot: Option<Slot>,
    }
    with json!({ "examples": [{
        "provider": "sftp",
        "credential_type": "user_password",
        "credentials": { "host": "files.example.com", "port": 22, "username": "etl", "password": "EXAMPLE" },
        "name": "Nightly export",
    }] });
}

request! {
    /// Whether content is tested before it is stored.
    pub(crate) struct TestFirst {
        /// Whether to test the credential at its provider before it is stored.
        #[schema({ "default": false })]
        test: Option<bool>,
    }
}

async fn handle(mut call: Call<to::CreateCredential>) -> Result<HttpResponse, Refusal> {
    let test = call.query::<TestFirst>()?.test.unwrap_or(false);
    let new = call.body::<NewCredential>()?.tested_first(test);
    let credential = call.app.credentials.store(&call.caller, new).await?;
    let location = call.address(&format!("/integrations/credentials/{}", credential.id));
    Ok(with_etag(created(location, &Metadata::from(&credential)), credential.revision))
}

impl NewCredential {
    fn tested_first(self, test: bool) -> StoreCredential {
        StoreCredential {
            provider: self.provider.0,
            credential_type: self.credential_type,
            credentials: self.credentials,
            name: self.name,
            expires_at: self.expires_at,
            slot: self.slot,
            test,
        }
    }
}
