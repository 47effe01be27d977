//! `PATCH /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{NewContent, UpdateCredential, to};
use strongroom_domain::{CredentialName, CredentialType};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, ETAG, Fields, Handle, IF_MATCH, Refusal, Route, Schema, credentials_schema,
    name_schema, or_null,
};

use super::create::tests_first;
use crate::metadata::{CREDENTIAL, shown};
use crate::refuse::REFUSED_OR_WRONG_SHAPE;
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::patch("/integrations/credentials/{credential_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[schema::TEST],
    headers: &[IF_MATCH],
    body: Some(Schema { name: "CredentialChange", json: credential_change }),
    answer_headers: &[ETAG],
    refusals: &[404, 409, 412, 429, 502],
    own_refusals: &[(422, Content::One(REFUSED_OR_WRONG_SHAPE))],
    ..Doc::new(
        "Replaces a credential's content, its name or its expiry",
        &[Answered { status: 200, description: "It is changed.", content: Content::One(CREDENTIAL) }],
    )
};

async fn handle(mut call: Call<to::UpdateCredential>) -> Result<HttpResponse, Refusal> {
    let id = call.credential_id()?;
    let (expected_revision, test) = (call.if_match()?, tests_first(&call)?);
    let change = read(call.body()?, expected_revision, test)?;
    let credential = call.app.credentials.update(&call.caller, id, change).await?;
    Ok(shown(&credential))
}

/// Content comes whole or not at all: `credential_type` and `credentials` need each other. Without them,
/// a name or an expiry is left to change; `null` lifts the expiry.
fn read(mut body: Fields, expected_revision: Option<u64>, test: bool) -> Result<UpdateCredential, Refusal> {
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
        Some(UpdateCredential { content, name, expires_at, expected_revision, test })
    })
}

fn credential_change() -> Value {
    let whole = json!({
        "properties": { "credential_type": { "type": "string" }, "credentials": { "type": "object" } },
        "required": ["credential_type", "credentials"],
    });
    let without_content = |named: Value| {
        let mut change = json!({ "credential_type": { "type": "null" }, "credentials": { "type": "null" } });
        if let (Some(change), Value::Object(named)) = (change.as_object_mut(), &named) {
            change.extend(named.clone());
        }
        change
    };
    json!({
        "type": "object",
        "properties": {
            "credential_type": or_null(schema::credential_type()),
            "credentials": or_null(credentials_schema()),
            "name": or_null(name_schema()),
            "expires_at": or_null(schema::moment()),
        },
        "additionalProperties": false,
        "anyOf": [
            whole,
            { "properties": without_content(json!({ "name": { "type": "string" } })), "required": ["name"] },
            { "properties": without_content(json!({})), "required": ["expires_at"] },
        ],
    })
}
