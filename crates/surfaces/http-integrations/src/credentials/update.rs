//! `PATCH /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use strongroom_application::{Failure, NewContent, UpdateCredential};
use strongroom_domain::{CredentialName, CredentialType, Operation};
use strongroom_http_kit::{Call, Fields, Route};

use super::create::tests_first;
use crate::metadata::shown;

pub(crate) const ROUTE: Route =
    Route::patch("/integrations/credentials/{credential_id}", Operation::UpdateCredential, |call| {
        Box::pin(handle(call))
    });

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let id = call.credential_id()?;
    let (expected_revision, test) = (call.if_match()?, tests_first(&call)?);
    let change = UpdateCredential { expected_revision, test, ..read(call.body()?)? };
    let credential = call.app.update_credential(&call.caller, id, change).await?;
    Ok(shown(&credential))
}

/// Content comes whole or not at all: `credential_type` and `credentials` need each other. Without them,
/// a name or an expiry is left to change; `null` lifts the expiry.
fn read(mut body: Fields) -> Result<UpdateCredential, Failure> {
    let content = body.has("credential_type") || body.has("credentials");
    let something_else = body.has("name") || body.names("expires_at");
    let (credential_type, credentials) = match content || !something_else {
        true => {
            (body.required_choice("credential_type", CredentialType::parse), body.required("credentials"))
        }
        false => (body.choice("credential_type", CredentialType::parse), body.optional("credentials")),
    };
    let name = body.parsed("name", CredentialName::parse);
    let expires_at = body.nullable("expires_at", Fields::optional);
    body.finish(|| {
        let content = credential_type.zip(credentials);
        let content =
            content.map(|(credential_type, credentials)| NewContent { credential_type, credentials });
        Some(UpdateCredential { content, name, expires_at, expected_revision: None, test: false })
    })
}
