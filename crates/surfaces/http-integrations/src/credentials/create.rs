//! `POST /integrations/credentials`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{StoreCredential, to};
use strongroom_domain::{CredentialName, CredentialType, Slot};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, ETAG, Fields, Handle, LOCATION, Refusal, Route, Schema, created,
    credentials_schema, name_schema, or_null, with_etag,
};

use crate::metadata::{CREDENTIAL, Metadata};
use crate::refuse::REFUSED_OR_WRONG_SHAPE;
use crate::schema;

pub(crate) const ROUTE: Route = Route::post("/integrations/credentials", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[schema::TEST],
    body: Some(Schema { name: "NewCredential", json: new_credential }),
    answer_headers: &[LOCATION, ETAG],
    refusals: &[409, 429],
    own_refusals: &[(422, Content::One(REFUSED_OR_WRONG_SHAPE))],
    ..Doc::new(
        "Stores a credential",
        &[Answered { status: 201, description: "It is stored.", content: Content::One(CREDENTIAL) }],
    )
};

async fn handle(mut call: Call<to::CreateCredential>) -> Result<HttpResponse, Refusal> {
    let test = tests_first(&call)?;
    let new = read(call.body()?, test)?;
    let credential = call.app.credentials.store(&call.caller, new).await?;
    let location = format!("/integrations/credentials/{}", credential.id);
    Ok(with_etag(created(location, &Metadata::from(&credential)), credential.revision))
}

/// Whether the query asks for a test first.
pub(crate) fn tests_first<O>(call: &Call<O>) -> Result<bool, Refusal> {
    let mut query = call.query();
    let test = query.flag("test");
    query.finish(|| Some(test))
}

fn read(mut body: Fields, test: bool) -> Result<StoreCredential, Refusal> {
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
            test,
        })
    })
}

fn new_credential() -> Value {
    json!({
        "type": "object",
        "properties": {
            "provider": schema::provider(),
            "credential_type": schema::credential_type(),
            "credentials": credentials_schema(),
            "name": or_null(name_schema()),
            "expires_at": or_null(schema::moment()),
            "slot": or_null(schema::slot()),
        },
        "required": ["provider", "credential_type", "credentials"],
        "additionalProperties": false,
        "examples": [{
            "provider": "sftp",
            "credential_type": "user_password",
            "credentials": { "host": "files.example.com", "port": 22, "username": "etl", "password": "EXAMPLE" },
            "name": "Nightly export",
        }],
    })
}
