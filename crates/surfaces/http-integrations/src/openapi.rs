//! `GET /openapi.json`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_http_kit::{
    AnswerBody, Answered, Dialect, Doc, Documentation, PublicCall, Route, Schema, ServedAt, document,
};

use crate::{DIALECT, docs};

pub(crate) const ROUTE: Route =
    Route::public("/openapi.json", |call| Box::pin(std::future::ready(Ok(handle(&call)))), &DOC)
        .with_any_query();

const DOC: Doc = Doc::new(
    "Shows this document",
    &[Answered {
        status: 200,
        description: "An OpenAPI 3.1 document of every surface.",
        body: AnswerBody::One(Schema {
            name: "OpenApi",
            json: || json!({ "type": "object", "required": ["openapi", "info", "paths"] }),
        }),
    }],
);

/// Writes the documentation of these surfaces, which are reached at this URL when the operator has said so.
pub fn documentation(dialects: &[&'static Dialect], public_url: Option<&str>) -> Documentation {
    let written = |prefix: &'static str| {
        let place = ServedAt { url: public_url.unwrap_or_default(), prefix };
        document(dialects, env!("CARGO_PKG_VERSION"), place)
    };
    let json = DIALECT.prefixes.iter().map(|prefix| (*prefix, written(prefix).to_string().into()));
    Documentation { json: json.collect(), page: docs::page(&written("")).into() }
}

fn handle(call: &PublicCall) -> HttpResponse {
    let mut written = call.documentation.json.iter();
    let json = written.find(|(prefix, _)| *prefix == call.prefix()).map(|(_, json)| json.clone());
    HttpResponse::Ok().content_type("application/json").body(json.unwrap_or_default())
}
