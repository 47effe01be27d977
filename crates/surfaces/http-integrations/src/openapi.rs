//! `GET /openapi.json`

use std::sync::OnceLock;

use actix_web::HttpResponse;
use bytes::Bytes;
use serde_json::json;
use strongroom_http_kit::{Answered, Content, Dialect, Doc, PublicCall, Route, Schema, document};

use crate::docs;

pub(crate) const ROUTE: Route =
    Route::public("/openapi.json", |call| Box::pin(std::future::ready(Ok(handle(&call)))), &DOC);

const DOC: Doc = Doc::new(
    "This document",
    &[Answered {
        status: 200,
        description: "An OpenAPI 3.1 document of every surface.",
        content: Content::One(Schema {
            name: "OpenApi",
            json: || json!({ "type": "object", "required": ["openapi", "info", "paths"] }),
        }),
    }],
);

/// What a server tells about its surfaces. It never changes while the server runs, so it is written once:
/// anybody may ask for it, as often as they like.
#[derive(Clone)]
pub(crate) struct Documentation {
    of: &'static [&'static Dialect],
    /// The OpenAPI document.
    pub(crate) json: Bytes,
    /// The same for people.
    pub(crate) page: Bytes,
}

impl Documentation {
    pub(crate) fn of(dialects: &'static [&'static Dialect]) -> Self {
        static WRITTEN: OnceLock<Documentation> = OnceLock::new();
        let written = WRITTEN.get_or_init(|| Self::write(dialects));
        match std::ptr::eq(written.of, dialects) {
            true => written.clone(),
            false => Self::write(dialects),
        }
    }

    fn write(dialects: &'static [&'static Dialect]) -> Self {
        let document = document(dialects, env!("CARGO_PKG_VERSION"));
        Self { of: dialects, json: document.to_string().into(), page: docs::page(&document).into() }
    }
}

fn handle(call: &PublicCall) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(Documentation::of(call.dialects).json)
}
