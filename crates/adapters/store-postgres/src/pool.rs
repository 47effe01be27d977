//! The pool of connections. A caller waits at most 500 ms once the pool is full, making a connection takes at
//! most 5 s, and no broken connection is handed out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::InstrumentationEvent;
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use strongroom_repository::{StoreError, StoreResult};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::options::StatementCounter;

/// How long a caller waits for a connection.
const CHECKOUT_LIMIT: Duration = Duration::from_millis(500);
/// How many times a caller waits that long while the pool still makes connections. Otherwise a burst on a new
/// pool would be refused although connections are being made.
const WAITS_WHILE_GROWING: usize = 5;
/// How long a new connection may take, name resolution and TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

pub(crate) type PooledConnection<'p> = bb8::PooledConnection<'p, Connector>;

/// Makes connections, and checks used ones.
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Option<MakeRustlsConnect>,
    pub(crate) statements: Option<Arc<StatementCounter>>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoConnection {
    #[error("connecting took longer than 5 s")]
    TooSlow,
    #[error("the server cannot be reached or refuses the connection")]
    Refused(#[source] tokio_postgres::Error),
    #[error("the new connection cannot be set up")]
    SetUp(#[source] diesel::ConnectionError),
    #[error("the connection broke while it was idle")]
    Broken,
    #[error("no connection came free within 500 ms")]
    Exhausted(#[source] Option<Arc<NoConnection>>),
}

impl bb8::ManageConnection for Connector {
    type Connection = AsyncPgConnection;
    type Error = NoConnection;

    async fn connect(&self) -> Result<AsyncPgConnection, NoConnection> {
        let mut connection =
            tokio::time::timeout(CONNECT_LIMIT, self.dial()).await.map_err(|_| NoConnection::TooSlow)??;
        let counter = self.statements.clone();
        // This also replaces any default instrumentation, which could log bound values.
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| match (&counter, event) {
            (Some(counter), InstrumentationEvent::StartQuery { .. }) => counter.count_sent(),
            (Some(counter), InstrumentationEvent::CacheQuery { .. }) => counter.count_prepared(),
            _ => {}
        });
        Ok(connection)
    }

    /// Checks without asking the server, so that a checkout costs no round trip.
    async fn is_valid(&self, connection: &mut AsyncPgConnection) -> Result<(), NoConnection> {
        if connection.is_broken() { Err(NoConnection::Broken) } else { Ok(()) }
    }

    fn has_broken(&self, connection: &mut AsyncPgConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

impl Connector {
    async fn dial(&self) -> Result<AsyncPgConnection, NoConnection> {
        let made = match &self.tls {
            Some(tls) => {
                let (client, driver) =
                    self.config.connect(tls.clone()).await.map_err(NoConnection::Refused)?;
                AsyncPgConnection::try_from_client_and_connection(client, driver).await
            }
            None => {
                let (client, driver) = self.config.connect(NoTls).await.map_err(NoConnection::Refused)?;
                AsyncPgConnection::try_from_client_and_connection(client, driver).await
            }
        };
        made.map_err(NoConnection::SetUp)
    }
}

/// The pool, and the error of its last attempt to connect, which bb8 does not give to a caller that waits.
pub(crate) struct Pool {
    inner: bb8::Pool<Connector>,
    size: u32,
    last_failure: LastFailure,
}

impl Pool {
    pub(crate) fn new(connector: Connector, size: u32) -> Self {
        let (size, last_failure) = (size.max(1), LastFailure::default());
        let inner = bb8::Pool::builder()
            .max_size(size)
            .connection_timeout(CHECKOUT_LIMIT)
            .retry_connection(false)
            .error_sink(Box::new(last_failure.clone()))
            .build_unchecked(connector);
        Self { inner, size, last_failure }
    }

    /// Returns a connection of the pool, or `Unavailable` when none becomes free in time.
    pub(crate) async fn checkout(&self) -> StoreResult<PooledConnection<'_>> {
        let mut waits = 0;
        let cause = loop {
            match self.inner.get().await {
                Ok(connection) => return Ok(connection),
                Err(bb8::RunError::User(cause)) => break cause,
                Err(bb8::RunError::TimedOut) => {
                    waits += 1;
                    let failure = self.last_failure.take();
                    let grows = failure.is_none() && self.inner.state().connections < self.size;
                    if !grows || waits == WAITS_WHILE_GROWING {
                        break NoConnection::Exhausted(failure);
                    }
                }
            }
        };
        Err(StoreError::Unavailable(Box::new(cause)))
    }

    /// Returns a connection that does not count in the pool, for work at the start.
    pub(crate) async fn dedicated(&self) -> Result<AsyncPgConnection, NoConnection> {
        self.inner.dedicated_connection().await
    }
}

#[derive(Debug, Clone, Default)]
struct LastFailure(Arc<Mutex<Option<Arc<NoConnection>>>>);

impl LastFailure {
    fn take(&self) -> Option<Arc<NoConnection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl bb8::ErrorSink<NoConnection> for LastFailure {
    fn sink(&self, error: NoConnection) {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::warn!(%error, cause, "no connection to the database");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(error));
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<NoConnection>> {
        Box::new(self.clone())
    }
}
