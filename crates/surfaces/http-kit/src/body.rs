//! Reads the body of a request within the limits of size and time.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Payload;
use futures_util::StreamExt;
use zeroize::Zeroizing;

use crate::refusal::Transport;

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 256 * 1024;
/// The longest time that a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// Reads the body of a request that must be JSON, into memory that is wiped afterwards.
pub(crate) async fn read(request: &HttpRequest, payload: Payload) -> Result<Zeroizing<Vec<u8>>, Transport> {
    read_as("application/json", request, payload).await
}

/// Reads the body of a request that must be a form, into memory that is wiped afterwards.
pub(crate) async fn read_form(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Zeroizing<Vec<u8>>, Transport> {
    read_as("application/x-www-form-urlencoded", request, payload).await
}

async fn read_as(
    media_type: &str,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Zeroizing<Vec<u8>>, Transport> {
    if !is_of(media_type, request) || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Transport::MediaType);
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let announced = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(Transport::BodyTooLarge);
    }
    // A buffer that grows leaves copies behind, so it has its final size from the start.
    let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(MAX_BODY)));
    tokio::time::timeout(PATIENCE, collect(payload, &mut body)).await.map_err(|_| Transport::SlowBody)??;
    Ok(body)
}

/// Tells whether the request has no body (RFC 9112, section 6.3), or one without any bytes.
pub(crate) fn is_absent(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    !headers.contains_key(header::TRANSFER_ENCODING) && length.is_none_or(|length| length.as_bytes() == b"0")
}

async fn collect(mut payload: Payload, body: &mut Vec<u8>) -> Result<(), Transport> {
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Transport::BrokenBody)?;
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Transport::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

fn is_of(media_type: &str, request: &HttpRequest) -> bool {
    let mut types = request.headers().get_all(header::CONTENT_TYPE);
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let Ok(text) = only.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let right = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(media_type));
    right
        && parts.all(|parameter| {
            let parameter = parameter.to_ascii_lowercase();
            parameter.is_empty() || matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
        })
}
