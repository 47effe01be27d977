//! `POST /integrations/credentials/secrets`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};
use strongroom_application::{Credentials, to};
use strongroom_domain::{CredentialId, Json, Rule};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Fault, FromJson, Handle, Refusal, Route, body_of, extended, ok_secret,
    request,
};

use super::read_secret::{MinValidity, OPENED, Opened};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/credentials/secrets", &Handle::with(handle), &DOC).long();

const DOC: Doc = Doc {
    body: body_of::<CredentialIds>(),
    refusals: &[404, 409, 502],
    ..Doc::new(
        "Reads up to 50 secrets in one recorded commit",
        &[Answered {
            status: 200,
            description: "The secrets in the order of the ids; one id that is unknown refuses them all.",
            body: AnswerBody::List(OPENED),
        }],
    )
};

request! {
    /// The credentials whose secrets to read.
    struct CredentialIds as "CredentialIds" {
        /// The ids of 1 to 50 credentials, each in either spelling.
        ids: Batch,
        /// The time in seconds that an access token must still be valid for. A token with less is refreshed
        /// first, as long as a fresh one can have that much.
        min_validity: Option<MinValidity>,
    }
}

struct Batch(Vec<CredentialId>);

impl FromJson for Batch {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let ids = Vec::from_json(json)?;
        match ids.len() {
            1..=Credentials::MAX_BATCH => Ok(Self(ids)),
            _ => Err(Rule::fixed("must name 1 to 50 credentials").into()),
        }
    }

    fn schema() -> Value {
        let size = json!({ "minItems": 1, "maxItems": Credentials::MAX_BATCH });
        extended(Vec::<CredentialId>::schema(), size)
    }
}

async fn handle(mut call: Call<to::ReadSecrets>) -> Result<HttpResponse, Refusal> {
    let asked = call.body::<CredentialIds>()?;
    let min_validity = asked.min_validity.map(|seconds| seconds.0);
    let opened = call.app.credentials.read_many(&call.caller, &asked.ids.0, min_validity).await?;
    let bodies: Vec<Opened<'_>> = opened.iter().map(|opened| Opened { opened, only: None }).collect();
    ok_secret(StatusCode::OK, &bodies)
}
