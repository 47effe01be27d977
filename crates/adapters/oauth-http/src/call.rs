//! Sends one request and reads its answer.

use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use strongroom_authorization_server::{CALL_LIMIT, TokenError, Trouble};
use strongroom_declared_http::Target;
use strongroom_egress::{Answer, CheckedStream, ConnectError, Destination, Egress, Purpose, handshake};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};

/// How long reading may go on after the deadline, for an answer that has already arrived.
pub(crate) const OVERTIME: Duration = Duration::from_secs(1);

/// Sends a request and reads its answer, whatever its status, within [`CALL_LIMIT`].
///
/// # Errors
/// [`TokenError::Transient`]. Until TLS is set up nothing has been sent; after that the request may have been
/// served.
pub(crate) async fn send(
    egress: &Egress,
    target: &Target,
    request: Request<Bytes>,
) -> Result<Answer, TokenError> {
    send_before(egress, target, request, None).await
}

/// Sends a request like [`send`], unless `latest` has passed when it is ready to be sent.
pub(crate) async fn send_before(
    egress: &Egress,
    target: &Target,
    request: Request<Bytes>,
    latest: Option<Instant>,
) -> Result<Answer, TokenError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let in_time = || match latest {
        Some(latest) if Instant::now() > latest => Err(unsent(Trouble::None, "too late to be sent")),
        _ => Ok(()),
    };
    let reached =
        timeout_at(deadline, reach(egress, target)).await.map_err(|_| away("no connection in time"));
    let tcp = reached??;
    if target.plain_http {
        in_time()?;
        return exchange(deadline, tcp, request).await;
    }
    let shaken = timeout_at(deadline, handshake(tcp, &target.host, egress.tls())).await;
    let shaken = shaken.map_err(|_| away("tls: no handshake in time"))?;
    let (stream, _) = shaken.map_err(|error| away(error.to_string()))?;
    in_time()?;
    exchange(deadline, stream, request).await
}

async fn reach(egress: &Egress, target: &Target) -> Result<CheckedStream, TokenError> {
    if target.plain_http && !egress.allows_plain_http() {
        return Err(unsent(Trouble::None, "refused by policy: http without tls is not allowed"));
    }
    let destination = Destination {
        purpose: Purpose::Oauth,
        host: &target.host,
        port: target.port,
        port_is_fixed: target.port_is_fixed,
    };
    egress.session().connect(&destination).await.map_err(|error| {
        let trouble = match error {
            ConnectError::Unreachable(_) => Trouble::Server,
            ConnectError::Refused(_) | ConnectError::Unresolved(_) | ConnectError::Budget(_) => Trouble::None,
        };
        unsent(trouble, error.to_string())
    })
}

async fn exchange<S>(deadline: Instant, stream: S, request: Request<Bytes>) -> Result<Answer, TokenError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut answer = pin!(strongroom_egress::exchange(stream, request));
    let answered = match timeout_at(deadline, &mut answer).await {
        Ok(answered) => Ok(answered),
        // A process that was suspended may find the deadline over and the answer already there. That answer
        // may hold the only token.
        Err(_) => timeout(OVERTIME, answer).await,
    };
    match answered {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(lost(error.to_string())),
        Err(_) => Err(lost("no answer in time")),
    }
}

/// The server was not reached.
fn away(cause: impl Into<Cow<'static, str>>) -> TokenError {
    unsent(Trouble::Server, cause)
}

fn unsent(trouble: Trouble, cause: impl Into<Cow<'static, str>>) -> TokenError {
    TokenError::Transient { retry_after: None, may_have_been_served: false, trouble, cause: cause.into() }
}

/// The request was sent, and its answer is lost.
fn lost(cause: impl Into<Cow<'static, str>>) -> TokenError {
    let (may_have_been_served, trouble) = (true, Trouble::Server);
    TokenError::Transient { retry_after: None, may_have_been_served, trouble, cause: cause.into() }
}
