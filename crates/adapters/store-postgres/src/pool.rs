//! The pool of connections. A caller waits at most 500 ms once the pool is full, making a connection takes at
//! most 5 s, and no broken connection is handed out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::InstrumentationEvent;
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use strongroom_repository::{StoreError, StoreResult};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::driver_error::{self, DriverError};
use crate::options::StatementCounter;
use crate::session;

/// How long a caller waits for a connection.
const CHECKOUT_LIMIT: Duration = Duration::from_millis(500);
/// How many times a caller waits that long while the pool still makes connections. Otherwise a burst on a new
/// pool would be refused although connections are being made.
const WAITS_WHILE_GROWING: usize = 5;
/// How long a new connection may take, name resolution and TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The shortest time between two renewals of the pool.
const RENEWAL: Duration = Duration::from_millis(500);

pub(crate) type PooledConnection = bb8::PooledConnection<'static, Connector>;

/// Makes connections, and checks used ones.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Option<MakeRustlsConnect>,
    pub(crate) statements: Option<Arc<StatementCounter>>,
    /// Set when a server has refused a write because it is read-only.
    pub(crate) was_read_only: Arc<AtomicBool>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoConnection {
    #[error(
        "connecting took longer than 5 s; check host and port, and that the server and what stands before it are up"
    )]
    TooSlow,
    #[error("{0}")]
    Refused(DriverError),
    #[error("the new connection cannot be set up")]
    SetUp(#[source] diesel::ConnectionError),
    #[error("the limits of the new connection cannot be set")]
    Limits(#[source] diesel::result::Error),
    #[error("the connection broke while it was idle")]
    Broken,
    #[error("no connection came free within 500 ms")]
    Exhausted(#[source] Option<Arc<NoConnection>>),
}

impl bb8::ManageConnection for Connector {
    type Connection = AsyncPgConnection;
    type Error = NoConnection;

    async fn connect(&self) -> Result<AsyncPgConnection, NoConnection> {
        let dialled = async {
            let mut connection = self.dial().await?;
            session::limit(&mut connection).await.map_err(NoConnection::Limits)?;
            Ok(connection)
        };
        let mut connection =
            tokio::time::timeout(CONNECT_LIMIT, dialled).await.map_err(|_| NoConnection::TooSlow)??;
        let (counter, was_read_only) = (self.statements.clone(), self.was_read_only.clone());
        // This also replaces any default instrumentation, which could log bound values.
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| match (&counter, event) {
            (Some(counter), InstrumentationEvent::StartQuery { .. }) => counter.count_sent(),
            (Some(counter), InstrumentationEvent::CacheQuery { .. }) => counter.count_prepared(),
            (_, InstrumentationEvent::FinishQuery { error: Some(error), .. }) if is_read_only(error) => {
                was_read_only.store(true, Ordering::Release);
            }
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
    /// A connection of the driver alone, on which nothing was set or prepared.
    pub(crate) async fn bare(&self) -> Result<Client, NoConnection> {
        let connecting = async {
            match &self.tls {
                Some(tls) => {
                    let (client, driver) = self.config.connect(tls.clone()).await?;
                    tokio::spawn(driver);
                    Ok(client)
                }
                None => {
                    let (client, driver) = self.config.connect(NoTls).await?;
                    tokio::spawn(driver);
                    Ok(client)
                }
            }
        };
        let connected = tokio::time::timeout(CONNECT_LIMIT, connecting).await;
        connected.map_err(|_| NoConnection::TooSlow)?.map_err(refused)
    }

    async fn dial(&self) -> Result<AsyncPgConnection, NoConnection> {
        let made = match &self.tls {
            Some(tls) => {
                let (client, driver) = self.config.connect(tls.clone()).await.map_err(refused)?;
                AsyncPgConnection::try_from_client_and_connection(client, driver).await
            }
            None => {
                let (client, driver) = self.config.connect(NoTls).await.map_err(refused)?;
                AsyncPgConnection::try_from_client_and_connection(client, driver).await
            }
        };
        made.map_err(NoConnection::SetUp)
    }
}

impl NoConnection {
    /// Whether the cause may be gone in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::TooSlow => true,
            Self::Refused(error) => error.is_passing(),
            Self::SetUp(_) | Self::Limits(_) | Self::Broken | Self::Exhausted(_) => false,
        }
    }
}

fn refused(error: tokio_postgres::Error) -> NoConnection {
    NoConnection::Refused(driver_error::read(&error))
}

/// Whether a server refuses writes: it is a standby, or was made read-only.
fn is_read_only(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error};
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _))
}

/// The pool, and the error of its last attempt to connect, which bb8 does not give to a caller that waits.
///
/// When a server has refused a write because it is read-only, another one may be the primary by now, behind
/// the same address. So the pool is replaced: new connections find out where that address leads, and the old
/// ones end with the work that they do.
pub(crate) struct Pool {
    inner: Mutex<Renewable>,
    connector: Connector,
    size: u32,
    last_failure: LastFailure,
}

struct Renewable {
    pool: bb8::Pool<Connector>,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(connector: Connector, size: u32) -> Self {
        let (size, last_failure) = (size.max(1), LastFailure::default());
        let pool = build(connector.clone(), size, &last_failure);
        Self { inner: Mutex::new(Renewable { pool, since: Instant::now() }), connector, size, last_failure }
    }

    /// The pool by now.
    fn current(&self) -> bb8::Pool<Connector> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let was_read_only = &self.connector.was_read_only;
        if was_read_only.load(Ordering::Acquire) && inner.since.elapsed() >= RENEWAL {
            was_read_only.store(false, Ordering::Release);
            tracing::warn!("the database server is read-only; its connections are dropped");
            let pool = build(self.connector.clone(), self.size, &self.last_failure);
            *inner = Renewable { pool, since: Instant::now() };
        }
        inner.pool.clone()
    }

    /// Returns a connection of the pool, or `Unavailable` when none becomes free in time.
    pub(crate) async fn checkout(&self) -> StoreResult<PooledConnection> {
        let pool = self.current();
        let mut waits = 0;
        let cause = loop {
            match pool.get_owned().await {
                Ok(connection) => return Ok(connection),
                Err(bb8::RunError::User(cause)) => break cause,
                Err(bb8::RunError::TimedOut) => {
                    waits += 1;
                    let failure = self.last_failure.take();
                    let grows = failure.is_none() && pool.state().connections < self.size;
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
        self.current().dedicated_connection().await
    }
}

fn build(connector: Connector, size: u32, last_failure: &LastFailure) -> bb8::Pool<Connector> {
    bb8::Pool::builder()
        .max_size(size)
        .connection_timeout(CHECKOUT_LIMIT)
        .retry_connection(false)
        .error_sink(Box::new(last_failure.clone()))
        .build_unchecked(connector)
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
