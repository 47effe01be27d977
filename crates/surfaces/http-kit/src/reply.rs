//! Builds answers.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use strongroom_application::{Allowance, Failure};

use crate::pieces::WipedPieces;
use crate::refusal::Refusal;

/// An answer of 200 with a JSON body.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    written(StatusCode::OK, body).unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

/// An answer of 201 with a JSON body and the path of what was created.
pub fn created(location: String, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created().insert_header((header::LOCATION, location)).json(body)
}

/// An answer of 204, which has no body.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// An answer whose JSON body holds secrets. Its memory is written once, and wiped after it was sent.
pub fn ok_secret(status: StatusCode, body: &impl Serialize) -> Result<HttpResponse, Refusal> {
    Ok(written(status, body).map_err(|_| Failure::Internal)?)
}

fn written(status: StatusCode, body: &impl Serialize) -> serde_json::Result<HttpResponse> {
    let mut pieces = WipedPieces::default();
    serde_json::to_writer(&mut pieces, body)?;
    Ok(HttpResponse::build(status).content_type("application/json").body(pieces.into_body()))
}

/// Adds the header that tells how to authenticate (RFC 6750, section 3).
pub(crate) fn with_challenge(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Puts the revision of a single resource, or the version of its secret, into `ETag`.
pub fn with_etag(mut response: HttpResponse, tag: u64) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Adds the headers that tell what is left of a limit.
pub fn with_allowance(mut response: HttpResponse, allowance: Option<&Allowance>) -> HttpResponse {
    let Some(allowance) = allowance else { return response };
    let reset = u64::try_from(allowance.reset_at.unix_timestamp()).unwrap_or(0);
    let values = [
        ("x-ratelimit-limit", u64::from(allowance.limit)),
        ("x-ratelimit-remaining", u64::from(allowance.remaining)),
        ("x-ratelimit-reset", reset),
    ];
    for (name, value) in values {
        response.headers_mut().insert(HeaderName::from_static(name), value.into());
    }
    response
}

/// Adds `Retry-After` in whole seconds, at least one (RFC 9110, section 10.2.3).
pub(crate) fn with_retry_after(mut response: HttpResponse, wait: Duration) -> HttpResponse {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
    response
}
