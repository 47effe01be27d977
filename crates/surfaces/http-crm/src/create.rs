//! `POST /integration-credentials/`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde_json::json;
use strongroom_application::{StoreCrmCredential, to};
use strongroom_domain::CrmContent;
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, ETAG, Handle, LOCATION, Refusal, Route, body_of, request,
};

use crate::object::{CREDENTIAL, shown};
use crate::request::{ClearText, CrmName, Free};

pub(crate) const ROUTE: Route = route("/integration-credentials/");

pub(crate) const WITHOUT_SLASH: Route = route("/integration-credentials");

const fn route(path: &'static str) -> Route {
    Route::post(path, const { &Handle::with(handle) }, &DOC)
}

static DOC: Doc = Doc {
    body: body_of::<NewCredential>(),
    refusals: &[409],
    answer_headers: &[LOCATION, ETAG],
    ..Doc::new(
        "Stores the credential of a CRM",
        &[Answered {
            status: 201,
            description: "The credential is stored.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

request! {
    /// The credential of a CRM. An organisation has one for each CRM.
    struct NewCredential as "CrmNewCredential" {
        /// The id of the CRM in the catalog, in any case.
        provider: CrmName,
        /// Where the CRM is: its URL, or whatever text the client connects with.
        dsn: ClearText,
        /// The token to call the CRM with.
        access_token: ClearText,
        metadata: Option<Free>,
    }
    with json!({ "examples": [{
        "provider": "hubspot",
        "dsn": "https://api.hubapi.com",
        "access_token": "EXAMPLE",
        "metadata": { "portal_id": "12345678" },
    }] });
}

async fn handle(mut call: Call<to::CreateCredential>) -> Result<HttpResponse, Refusal> {
    let new = call.body::<NewCredential>()?.into_new();
    let stored = call.app.crm.store(&call.caller, new).await?;
    let mut response = shown(StatusCode::CREATED, &stored)?;
    let location = call.address(&format!("/integration-credentials/{}", stored.credential.id));
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

impl NewCredential {
    fn into_new(self) -> StoreCrmCredential {
        let content = CrmContent {
            dsn: self.dsn.0,
            access_token: self.access_token.0,
            metadata: self.metadata.map(|free| free.0).unwrap_or_default(),
        };
        StoreCrmCredential { provider: self.provider.0, content }
    }
}
