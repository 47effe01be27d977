//! Sends one request and reads its answer.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use strongroom_authorization_server::{CALL_LIMIT, TokenError, Tries, Trouble};
use strongroom_declared_http::Target;
use strongroom_egress::{Answer, CheckedStream, ConnectError, Destination, Egress, Purpose, handshake};
use strongroom_provider_tester::{DestinationBudget, TestError};
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
    send_limited(egress, target, request, Limits::default()).await
}

/// When a request may be sent.
#[derive(Default)]
pub(crate) struct Limits {
    /// The latest time at which it may be sent.
    pub(crate) latest: Option<Instant>,
    /// Counts its destination.
    pub(crate) tries: Option<Arc<dyn Tries>>,
}

/// Sends a request like [`send`], within limits.
pub(crate) async fn send_limited(
    egress: &Egress,
    target: &Target,
    request: Request<Bytes>,
    Limits { latest, tries }: Limits,
) -> Result<Answer, TokenError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let in_time = || match latest {
        Some(latest) if Instant::now() > latest => Err(unsent(Trouble::None, "too late to be sent")),
        _ => Ok(()),
    };
    let reached =
        timeout_at(deadline, reach(egress, target, tries)).await.map_err(|_| away("no connection in time"));
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

async fn reach(
    egress: &Egress,
    target: &Target,
    tries: Option<Arc<dyn Tries>>,
) -> Result<CheckedStream, TokenError> {
    if target.plain_http && !egress.allows_plain_http() {
        return Err(unsent(Trouble::Forbidden, "refused by policy: http without tls is not allowed"));
    }
    let destination = Destination {
        purpose: Purpose::Oauth,
        host: &target.host,
        port: target.port,
        port_is_fixed: target.port_is_fixed,
    };
    let session = match tries {
        Some(tries) => egress.counted_session(Arc::new(Counted(tries))),
        None => egress.session(),
    };
    session.connect(&destination).await.map_err(|error| {
        let trouble = match error {
            ConnectError::Unreachable(_) => Trouble::Server,
            ConnectError::Budget(TestError::DestinationLimit { retry_after }) => {
                return TokenError::Limited { retry_after };
            }
            ConnectError::Refused(_) => Trouble::Forbidden,
            ConnectError::Unresolved(_) => Trouble::Unresolved,
            ConnectError::Budget(_) => Trouble::None,
        };
        unsent(trouble, error.to_string())
    })
}

/// Counts connections to a server as tries.
struct Counted(Arc<dyn Tries>);

#[async_trait]
impl DestinationBudget for Counted {
    async fn take(&self, destination: &str) -> Result<(), TestError> {
        self.0.take(destination).await.map_err(|error| match error {
            TokenError::Limited { retry_after } => TestError::DestinationLimit { retry_after },
            _ => TestError::Unavailable,
        })
    }
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
    TokenError::Transient {
        retry_after: None,
        may_have_been_served: false,
        trouble,
        answer: None,
        cause: cause.into(),
    }
}

/// The request was sent, and its answer is lost.
fn lost(cause: impl Into<Cow<'static, str>>) -> TokenError {
    TokenError::Transient {
        retry_after: None,
        may_have_been_served: true,
        trouble: Trouble::Server,
        answer: None,
        cause: cause.into(),
    }
}
