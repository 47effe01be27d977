//! `GET /integrations/{provider}/authorize`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use strongroom_application::{BeginAuthorization, to};
use strongroom_domain::{CredentialId, CredentialName, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, Moment, Refusal, Request, Route, Schema, ok, request, schema_of,
    unknown_parameters,
};

pub(crate) const ROUTE: Route =
    Route::get("/integrations/{provider}/authorize", &Handle::with(handle), &DOC).judging_its_query();

const DOC: Doc = Doc {
    query: &[AuthorizeQuery::FIELDS],
    refusals: &[400, 404, 409, 429],
    ..Doc::new(
        "Begins an authorization; fields that the provider file asks for, such as `tenant`, are query parameters too",
        &[Answered {
            status: 200,
            description: "The address to send the person to.",
            body: AnswerBody::One(Schema { name: "BegunAuthorization", json: schema_of::<Begun<'_>> }),
        }],
    )
};

/// An authorization that has begun.
#[derive(Serialize, JsonSchema)]
struct Begun<'a> {
    authorization_url: &'a str,
    /// The state of the flow. It comes back with the code, and completes a flow whose completion is `bound`.
    state: &'a str,
    #[schemars(with = "Moment")]
    expires_at: String,
}

request! {
    /// What to authorise.
    struct AuthorizeQuery {
        /// Where the person goes afterwards: an address at or below an entry of the setting
        /// oauth.redirect_allowlist.
        #[schema({ "format": "uri" })]
        redirect_to: Option<String>,
        /// A name for the credential, 1 to 200 printable characters.
        name: Option<CredentialName>,
        /// The scopes to ask for instead of those in the provider file, separated by spaces.
        scope: Option<String>,
        /// The credential to authorise again. It keeps its id, and another account than before is refused.
        credential_id: Option<CredentialId>,
        /// The end user for whom a service account asks. The service account repeats it to complete the flow.
        #[schema({ "minLength": 1, "maxLength": 256 })]
        subject: Option<String>,
    }
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

/// Reads the query. Parameters that the declaration does not name are fields of the provider, and unknown
/// when it asks for none of that name.
fn read<O>(call: &Call<O>) -> Result<BeginAuthorization, Refusal> {
    let mut query = call.query_fields();
    let asked = AuthorizeQuery::take(&mut query);
    let inputs = query.rest();
    if let Some(provider) = call.app.catalog.find(call.path("provider"))
        && let Some(server) = &provider.oauth
    {
        let own = AuthorizeQuery::FIELDS.iter().map(|field| field.name);
        let known: Vec<&str> = own.chain(provider.inputs_of(server)).collect();
        query.unknown(unknown_parameters(inputs.keys(), &known));
    }
    let AuthorizeQuery { redirect_to, name, scope, credential_id, subject } = query.finish(|| asked)?;
    let provider = call.path("provider").to_owned();
    Ok(BeginAuthorization { provider, redirect_to, name, scope, credential_id, subject, inputs })
}
