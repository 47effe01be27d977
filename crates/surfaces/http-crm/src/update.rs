//! `PUT /integration-credentials/{credential_id}`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use strongroom_application::{UpdateCrmCredential, to};
use strongroom_domain::CrmPatch;
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, ETAG, Handle, IF_MATCH, Refusal, Route, body_of, request,
};

use crate::object::{CREDENTIAL, shown};
use crate::request::{ClearText, CrmName, Free, credential_id};

pub(crate) const ROUTE: Route =
    Route::put("/integration-credentials/{credential_id}", &Handle::with(handle), &DOC);

static DOC: Doc = Doc {
    headers: &[IF_MATCH],
    body: body_of::<CredentialChange>(),
    refusals: &[404, 409, 412],
    answer_headers: &[ETAG],
    ..Doc::new(
        "Changes a credential in part",
        &[Answered {
            status: 200,
            description: "The credential as it is now.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

request! {
    /// A change in part: fields that are absent or null stay as they are. `metadata` is a JSON Merge Patch
    /// (RFC 7396).
    struct CredentialChange as "CrmCredentialChange" {
        /// The provider, which must be the credential's own.
        provider: Option<CrmName>,
        /// Where the CRM is. Another address needs a new `access_token` beside it.
        dsn: Option<ClearText>,
        /// The token to call the CRM with.
        access_token: Option<ClearText>,
        metadata: Option<Free>,
    }
}

async fn handle(mut call: Call<to::UpdateCredential>) -> Result<HttpResponse, Refusal> {
    let (id, expected_revision) = (credential_id(&call)?, call.if_match()?);
    let change = call.body::<CredentialChange>()?.expecting(expected_revision);
    let changed = call.app.crm.update(&call.caller, id, change).await?;
    shown(StatusCode::OK, &changed)
}

impl CredentialChange {
    fn expecting(self, expected_revision: Option<u64>) -> UpdateCrmCredential {
        let patch = CrmPatch {
            dsn: self.dsn.map(|text| text.0),
            access_token: self.access_token.map(|text| text.0),
            metadata: self.metadata.map(|free| free.0),
        };
        UpdateCrmCredential { provider: self.provider.map(|name| name.0), patch, expected_revision }
    }
}
