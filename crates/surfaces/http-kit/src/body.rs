//! Reads the body of a request within the limits of size and time.

use std::pin::pin;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Payload;
use futures_util::StreamExt;
use strongroom_application::Failure;
use zeroize::Zeroizing;

use crate::memory::{Held, Memory, kib};
use crate::refusal::{Refusal, Transport};

/// The longest JSON body that is read, in bytes.
const MAX_JSON: usize = 256 * 1024;
/// The longest form that is read, in bytes: a state, a token and an answer.
const MAX_FORM: usize = 8 * 1024;
/// The memory with which a body begins, in bytes.
const FIRST: usize = 1024;
/// The longest time that a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);
/// After which time a body counts as slow. Of slow ones there are only so many, because each holds a
/// connection with its buffers.
const SLOW: Duration = Duration::from_millis(250);

/// A body that was read, in memory that is wiped afterwards.
pub(crate) struct Body {
    bytes: Zeroizing<Vec<u8>>,
    held: Option<Held>,
}

impl Body {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Where the memory of a body comes from.
#[derive(Clone, Copy)]
pub(crate) struct Account<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) owner: &'a str,
}

/// Reads the body of a request that must be JSON.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: Payload,
    account: Account<'_>,
) -> Result<Body, Refusal> {
    read_as("application/json", MAX_JSON, request, payload, account).await
}

/// Reads the body of a request that must be a form.
pub(crate) async fn read_form(
    request: &HttpRequest,
    payload: Payload,
    account: Account<'_>,
) -> Result<Body, Refusal> {
    read_as("application/x-www-form-urlencoded", MAX_FORM, request, payload, account).await
}

async fn read_as(
    media_type: &str,
    longest: usize,
    request: &HttpRequest,
    payload: Payload,
    account: Account<'_>,
) -> Result<Body, Refusal> {
    if !is_of(media_type, request) || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Transport::MediaType.into());
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let announced = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > longest) {
        return Err(Transport::BodyTooLarge.into());
    }
    let mut reading = pin!(collect(payload, longest, account));
    if let Ok(read) = tokio::time::timeout(SLOW, reading.as_mut()).await {
        return read;
    }
    let _slow = account.memory.slow_bodies.take(account.owner, 1)?;
    tokio::time::timeout(PATIENCE - SLOW, reading).await.map_err(|_| Transport::SlowBody)?
}

/// Tells whether the request has no body (RFC 9112, section 6.3), or one without any bytes.
pub(crate) fn is_absent(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    !headers.contains_key(header::TRANSFER_ENCODING) && length.is_none_or(|length| length.as_bytes() == b"0")
}

async fn collect(mut payload: Payload, longest: usize, account: Account<'_>) -> Result<Body, Refusal> {
    let mut body = Body { bytes: Zeroizing::default(), held: None };
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Transport::BrokenBody)?;
        let length = body.bytes.len() + chunk.len();
        if length > longest {
            return Err(Transport::BodyTooLarge.into());
        }
        body.make_room(length, longest, account)?;
        body.bytes.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl Body {
    /// Makes room for what has arrived, and not for what was announced. The memory before is wiped when it is
    /// left.
    fn make_room(&mut self, length: usize, longest: usize, account: Account<'_>) -> Result<(), Failure> {
        let capacity = self.bytes.capacity();
        if length <= capacity {
            return Ok(());
        }
        let capacity = length.max(2 * capacity).max(FIRST).min(longest);
        let held = account.memory.bodies.take(account.owner, kib(capacity))?;
        let mut roomier = Zeroizing::new(Vec::with_capacity(capacity));
        roomier.extend_from_slice(&self.bytes);
        (self.bytes, self.held) = (roomier, Some(held));
        Ok(())
    }
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
