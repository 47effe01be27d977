//! `GET /integrations/{provider}/authorize`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{BeginAuthorization, to};
use strongroom_domain::{CredentialId, CredentialName, timestamp};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Handle, Moment, Parameter, Refusal, Route, Schema, credential_id_schema,
    name_schema, ok, schema_of,
};

pub(crate) const ROUTE: Route = Route::get("/integrations/{provider}/authorize", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[
        Parameter {
            name: "redirect_to",
            description: "Where the person goes afterwards: at or below an entry of oauth.redirect_allowlist.",
            schema: || json!({ "type": "string", "format": "uri" }),
        },
        Parameter { name: "name", description: "A name for the credential.", schema: name_schema },
        Parameter {
            name: "scope",
            description: "Scopes to ask for instead of the provider file's, separated by spaces.",
            schema: || json!({ "type": "string" }),
        },
        Parameter {
            name: "credential_id",
            description: "The credential to authorise again; it keeps its id, and another account is refused.",
            schema: credential_id_schema,
        },
        Parameter {
            name: "subject",
            description: "The end user for whom a service account asks; to be repeated when it completes the flow.",
            schema: || json!({ "type": "string", "minLength": 1, "maxLength": 256 }),
        },
    ],
    refusals: &[400, 404, 409, 429],
    ..Doc::new(
        "Begins an authorization; fields that the provider file asks for, such as `tenant`, are query parameters too",
        &[Answered {
            status: 200,
            description: "Where to send the person.",
            content: Content::One(Schema { name: "BegunAuthorization", json: schema_of::<Begun<'_>> }),
        }],
    )
};

/// Where to send a person.
#[derive(Serialize, JsonSchema)]
struct Begun<'a> {
    authorization_url: &'a str,
    /// Comes back with the code; needed to complete a flow whose completion is `bound`.
    state: &'a str,
    #[schemars(with = "Moment")]
    expires_at: String,
}

async fn handle(call: Call<to::AuthorizeCredential>) -> Result<HttpResponse, Refusal> {
    let asked = read(&call)?;
    let begun = call.app.authorizing.begin(&call.caller, asked).await?;
    Ok(ok(&Begun {
        authorization_url: begun.authorization_url.expose(),
        state: begun.state.expose(),
        expires_at: timestamp::format(begun.expires_at),
    }))
}

fn read<O>(call: &Call<O>) -> Result<BeginAuthorization, Refusal> {
    let mut query = call.query();
    let mut asked = BeginAuthorization {
        provider: call.path("provider").to_owned(),
        redirect_to: query.optional("redirect_to"),
        name: query.parsed("name", CredentialName::parse),
        scope: query.optional("scope"),
        credential_id: query.parsed("credential_id", CredentialId::parse),
        subject: query.optional("subject"),
        ..BeginAuthorization::default()
    };
    asked.inputs = query.rest();
    query.finish(|| Some(asked))
}
