//! `PATCH /integrations/credentials/{credential_id}`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{NewContent, UpdateCredential, to};
use strongroom_domain::{CredentialName, CredentialType, Submission};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, ETAG, Fields, Handle, IF_MATCH, Refusal, Request, Route, body_of,
    extended, request,
};
use time::OffsetDateTime;

use super::create::TestFirst;
use crate::metadata::{CREDENTIAL, shown};
use crate::refuse::REFUSED_OR_WRONG_SHAPE;

pub(crate) const ROUTE: Route =
    Route::patch("/integrations/credentials/{credential_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[TestFirst::FIELDS],
    headers: &[IF_MATCH],
    body: body_of::<CredentialChange>(),
    answer_headers: &[ETAG],
    refusals: &[404, 409, 412, 429, 502],
    own_refusals: &[(422, AnswerBody::One(REFUSED_OR_WRONG_SHAPE))],
    ..Doc::new(
        "Replaces a credential's content, its name or its expiry",
        &[Answered {
            status: 200,
            description: "The credential as it is now.",
            body: AnswerBody::One(CREDENTIAL),
        }],
    )
};

request! {
    /// What to change. Content comes whole or not at all: `credential_type` and `credentials` need each
    /// other.
    struct CredentialChange as "CredentialChange" {
        /// How the new content authenticates.
        credential_type: Option<CredentialType>,
        credentials: Option<Submission>,
        /// A new name, 1 to 200 printable characters; white space around it is cut off.
        name: Option<CredentialName>,
        /// A new expiry; `null` removes it.
        expires_at: Option<Option<OffsetDateTime>>,
    }
    with whole_or_without_content();
}

/// The fields of content, which need each other.
const CONTENT: [&str; 2] = ["credential_type", "credentials"];

fn whole_or_without_content() -> Value {
    let without_content = |named: Value| {
        let null = json!({ "credential_type": { "type": "null" }, "credentials": { "type": "null" } });
        extended(null, named)
    };
    json!({ "anyOf": [
        {
            "properties": { "credential_type": { "type": "string" }, "credentials": { "type": "object" } },
            "required": CONTENT,
        },
        { "properties": without_content(json!({ "name": { "type": "string" } })), "required": ["name"] },
        { "properties": without_content(json!({})), "required": ["expires_at"] },
    ] })
}

async fn handle(mut call: Call<to::UpdateCredential>) -> Result<HttpResponse, Refusal> {
    let id = call.credential_id()?;
    let (revision, test) = (call.if_match()?, call.query::<TestFirst>()?.test);
    let change = read(call.body_fields()?)?.expecting(revision, test.unwrap_or(false));
    let credential = call.app.credentials.update(&call.caller, id, change).await?;
    Ok(shown(&credential))
}

/// Reads the change. Both fields of content are needed when one of them is there, and when nothing else is.
fn read(mut body: Fields) -> Result<CredentialChange, Refusal> {
    let something_else = body.has("name") || body.names("expires_at");
    if CONTENT.iter().any(|name| body.has(name)) || !something_else {
        body.need(&CONTENT);
    }
    CredentialChange::read(body)
}

impl CredentialChange {
    fn expecting(self, expected_revision: Option<u64>, test: bool) -> UpdateCredential {
        let content = self.credential_type.zip(self.credentials);
        let content =
            content.map(|(credential_type, credentials)| NewContent { credential_type, credentials });
        UpdateCredential { content, name: self.name, expires_at: self.expires_at, expected_revision, test }
    }
}
