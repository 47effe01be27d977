//! `POST /integrations/{provider}/test-connection`

use actix_web::HttpResponse;
use strongroom_application::{TestConnection, to};
use strongroom_domain::{CredentialType, Submission};
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Handle, Refusal, Route, body_of, request};

use super::{REPORTED, answer};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/{provider}/test-connection", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<ProviderConnection>(),
    answer_headers: &ALLOWANCE,
    refusals: &[429],
    ..Doc::new("Tests credentials of a provider and stores nothing", REPORTED)
};

request! {
    /// Credentials to test.
    struct ProviderConnection as "ConnectionTest" {
        /// How the credentials authenticate.
        credential_type: CredentialType,
        credentials: Submission,
    }
}

async fn handle(mut call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let ProviderConnection { credential_type, credentials } = call.body()?;
    let provider = call.path("provider").to_owned();
    let asked = TestConnection { provider, credential_type, credentials, probe_path: None };
    Ok(answer(&call.app.connection_tests.test(&call.caller, asked).await?))
}
