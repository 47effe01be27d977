//! `POST /integrations/credentials`

use actix_web::HttpResponse;
use strongroom_application::{Failure, StoreCredential};
use strongroom_domain::{CredentialName, CredentialType, Operation, Slot};
use strongroom_http_kit::{Call, Fields, Route, created};

use crate::metadata::{Metadata, tagged};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/credentials", Operation::CreateCredential, |call| Box::pin(handle(call)));

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let test = tests_first(&call)?;
    let new = StoreCredential { test, ..read(call.body()?)? };
    let credential = call.app.store_credential(&call.caller, new).await?;
    let location = format!("/integrations/credentials/{}", credential.id);
    Ok(tagged(created(location, &Metadata::from(&credential)), credential.revision))
}

/// Whether the query asks for a test first.
pub(crate) fn tests_first(call: &Call) -> Result<bool, Failure> {
    let mut query = call.query();
    let test = query.flag("test");
    query.finish(|| Some(test))
}

fn read(mut body: Fields) -> Result<StoreCredential, Failure> {
    let provider = body.required("provider");
    let credential_type = body.required_choice("credential_type", CredentialType::parse);
    let credentials = body.required("credentials");
    let name = body.parsed("name", CredentialName::parse);
    let expires_at = body.optional("expires_at");
    let slot = body.parsed("slot", Slot::parse);
    body.finish(|| {
        Some(StoreCredential {
            provider: provider?,
            credential_type: credential_type?,
            credentials: credentials?,
            name,
            expires_at,
            slot,
            test: false,
        })
    })
}
