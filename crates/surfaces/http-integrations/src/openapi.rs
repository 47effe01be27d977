//! `GET /openapi.json`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_http_kit::{
    AnswerBody, Answered, Dialect, Doc, Documentation, PublicCall, Route, Schema, document,
};

use crate::docs;

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

/// Writes the documentation of these surfaces.
pub fn documentation(dialects: &[&'static Dialect]) -> Documentation {
    let document = document(dialects, env!("CARGO_PKG_VERSION"));
    Documentation { json: document.to_string().into(), page: docs::page(&document).into() }
}

fn handle(call: &PublicCall) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(call.documentation.json.clone())
}
