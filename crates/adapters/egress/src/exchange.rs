use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};

/// An answer within the limits: headers of 32 KiB, a body of 64 KiB, never decompressed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status. A redirect is an answer like any other.
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
    /// The peer does not speak HTTP/1.1, or hung up. For the log.
    #[error("the exchange broke: {0}")]
    Broken(&'static str),
}

/// Sends one HTTP/1.1 request over a connected stream and reads the answer; closes the stream. The request's
/// URI is in origin form, and it has its `Host` header. Redirects are not followed, compression is not asked
/// for. The caller sets the time limit.
pub async fn exchange<S>(_stream: S, _request: Request<Bytes>) -> Result<Answer, ExchangeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Err(ExchangeError::Broken("not there yet"))
}
