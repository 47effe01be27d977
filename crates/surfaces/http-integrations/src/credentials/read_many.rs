//! `POST /integrations/credentials/secrets`

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};
use strongroom_application::{Credentials, to};
use strongroom_domain::{CredentialId, Rule};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Fields, Handle, Refusal, Route, Schema, credential_id_schema, ok_secret,
};

use super::read_secret::{OPENED, Opened, min_validity};
use crate::schema;

pub(crate) const ROUTE: Route = Route::post("/integrations/credentials/secrets", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "CredentialIds", json: credential_ids }),
    refusals: &[404, 409, 502],
    ..Doc::new(
        "Reads up to 50 secrets in one recorded commit",
        &[Answered {
            status: 200,
            description: "All of them, in the order asked.",
            content: Content::List(OPENED),
        }],
    )
};

async fn handle(mut call: Call<to::ReadSecrets>) -> Result<HttpResponse, Refusal> {
    let (ids, min_validity) = read(call.body()?)?;
    let opened = call.app.credentials.read_many(&call.caller, &ids, min_validity).await?;
    let bodies: Vec<Opened<'_>> = opened.iter().map(|opened| Opened { opened, only: None }).collect();
    let size = bodies.iter().map(Opened::size_hint).sum();
    ok_secret(StatusCode::OK, &bodies, size)
}

fn read(mut body: Fields) -> Result<(Vec<CredentialId>, Option<Duration>), Refusal> {
    if !body.has("ids") {
        body.required::<String>("ids");
    }
    let ids = body.parsed_list("ids", CredentialId::parse);
    if ids.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > Credentials::MAX_BATCH) {
        body.broken("ids", Rule::fixed("must name 1 to 50 credentials"));
    }
    let min_validity = min_validity(&mut body);
    body.finish(|| Some((ids?, min_validity)))
}

fn credential_ids() -> Value {
    let ids = json!({
        "type": "array",
        "items": credential_id_schema(),
        "minItems": 1,
        "maxItems": Credentials::MAX_BATCH,
    });
    json!({
        "type": "object",
        "properties": { "ids": ids, "min_validity": (schema::MIN_VALIDITY.schema)() },
        "required": ["ids"],
        "additionalProperties": false,
    })
}
