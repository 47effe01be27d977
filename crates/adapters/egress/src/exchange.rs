use std::pin::pin;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::metered::Metered;

/// The largest size of the headers of an answer, in bytes, with the status line.
const HEADERS_LIMIT: usize = 32 * 1024;
/// The largest size of the body of an answer, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// How much is read in total, in bytes: twice the sum of both limits, which leaves room for the framing of
/// chunks. Interim answers (1xx), which neither of the two limits counts, count here.
const WIRE_LIMIT: usize = 2 * (HEADERS_LIMIT + BODY_LIMIT);
/// How many headers an answer may have.
const HEADER_COUNT: usize = 1024;

const NOT_HTTP: ExchangeError = ExchangeError::Broken("the peer does not speak HTTP/1.1");

/// An answer within the limits: 32 KiB of headers and 64 KiB of body. It is never decompressed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status. A redirect is treated like any other answer.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// Headers or body are larger than the limits.
    #[error("the answer is too large")]
    TooLarge,
    /// The peer does not speak HTTP/1.1, or closed the connection. The text is for the log.
    #[error("the exchange broke: {0}")]
    Broken(&'static str),
}

/// Sends one HTTP/1.1 request over a connected stream, reads the answer and closes the stream. The URI of the
/// request must be in origin form, and its `Host` header must be set. Redirects are not followed and
/// compression is not asked for. The caller sets the time limit; nothing goes on when the future is dropped.
///
/// # Errors
/// [`ExchangeError`] when the answer is too large, or when there is none.
pub async fn exchange<S>(stream: S, mut request: Request<Bytes>) -> Result<Answer, ExchangeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let stream = Metered::new(stream, WIRE_LIMIT);
    let received = stream.meter();
    let stream = TokioIo::new(stream);
    let mut client = http1::Builder::new();
    client.max_buf_size(HEADERS_LIMIT).max_headers(HEADER_COUNT);
    let (sender, connection) = client.handshake(stream).await.map_err(|error| in_words(&error))?;
    // The connection is driven here and not on a task of its own, so that it ends with this future.
    let mut answer = pin!(receive(sender, request.map(Full::new)));
    let result = tokio::select! {
        biased;
        result = &mut answer => result,
        _ = connection => answer.await,
    };
    result.map_err(|error| match received.load(Ordering::Relaxed) {
        WIRE_LIMIT.. => ExchangeError::TooLarge,
        // For a client, hyper does not distinguish headers that were too large from malformed ones.
        HEADERS_LIMIT.. if error == NOT_HTTP => ExchangeError::TooLarge,
        _ => error,
    })
}

async fn receive(
    mut sender: http1::SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Answer, ExchangeError> {
    let response = sender.send_request(request).await.map_err(|error| in_words(&error))?;
    let (head, body) = response.into_parts();
    if head.status.is_informational() {
        return Err(ExchangeError::Broken("the peer switched to another protocol"));
    }
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|error| {
        match error.downcast_ref::<hyper::Error>() {
            Some(error) => in_words(error),
            None => ExchangeError::TooLarge,
        }
    })?;
    Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
}

fn in_words(error: &hyper::Error) -> ExchangeError {
    if error.is_parse() {
        return NOT_HTTP;
    }
    ExchangeError::Broken(if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        "the peer hung up before the end of its answer"
    } else if error.is_user() {
        "the request cannot be sent"
    } else {
        "the connection failed, or the body is malformed"
    })
}
