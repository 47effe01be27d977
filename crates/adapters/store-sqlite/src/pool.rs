use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::Text;
use strongroom_repository::{Source, StoreError};
use strongroom_store_rows::Aborted;
use tokio::sync::Semaphore;

use crate::StatementCounter;
use crate::failure::{Busy, is_busy};

/// How long a call waits for its turn and a writer for other processes, both together.
const PATIENCE: Duration = Duration::from_secs(2);

/// The busy timeout comes first, because switching to WAL may have to wait for another process that does the
/// same.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
    PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;";

/// A writer tries again until its deadline, so a single wait must be short enough not to pass it.
const WRITER_PRAGMAS: &str = "PRAGMA busy_timeout = 100;";

/// A reader cannot write, whatever its SQL is.
const READER_PRAGMAS: &str = "PRAGMA query_only = ON;";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

/// Where and how connections are opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) uri: String,
    pub(crate) purpose: Purpose,
    pub(crate) statements: Option<StatementCounter>,
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the file system does not support write-ahead logging")]
struct NoWal;

impl Opening {
    fn open(&self) -> Result<SqliteConnection, Source> {
        let mut connection = SqliteConnection::establish(&self.uri)?;
        connection.batch_execute(PRAGMAS)?;
        let mode = switch_to_wal(&mut connection)?;
        if mode.journal_mode != "wal" {
            return Err(Box::new(NoWal));
        }
        connection.batch_execute(match self.purpose {
            Purpose::Read => READER_PRAGMAS,
            Purpose::Write => WRITER_PRAGMAS,
        })?;
        if let Some(counter) = self.statements.clone() {
            connection.set_instrumentation(move |event: diesel::connection::InstrumentationEvent<'_>| {
                counter.observe(&event);
            });
        }
        Ok(connection)
    }
}

/// When two processes both switch a new file to WAL, SQLite sometimes returns an error at once, without
/// regard to the busy timeout. So this tries again. It runs on a blocking thread.
fn switch_to_wal(connection: &mut SqliteConnection) -> QueryResult<JournalMode> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match diesel::sql_query("PRAGMA journal_mode = WAL").get_result(connection) {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

/// A few connections, of which each call uses one at a time.
#[derive(Debug)]
pub(crate) struct Connections {
    opening: Opening,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

/// A connection that is not in use.
struct Idle(SqliteConnection);

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Idle")
    }
}

impl Connections {
    /// Opens all connections at once. If the file is replaced later, all of them still use the same file.
    pub(crate) fn open(opening: Opening, count: usize) -> Result<Self, Source> {
        let idle = (0..count).map(|_| opening.open().map(Idle)).collect::<Result<_, _>>()?;
        Ok(Self { opening, turns: Arc::new(Semaphore::new(count)), idle: Mutex::new(idle) })
    }

    /// Runs `work` on a connection, on a blocking thread. Once begun it runs to its end, even when the caller
    /// no longer waits.
    pub(crate) async fn run<T, W>(self: &Arc<Self>, work: W) -> Result<T, Aborted>
    where
        T: Send + 'static,
        W: FnOnce(&mut SqliteConnection, Instant) -> Result<T, Aborted> + Send + 'static,
    {
        let deadline = Instant::now() + PATIENCE;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(StoreError::Unavailable(Box::new(Busy)).into()) };
        let connections = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut connection = connections.take()?;
            let answer = work(&mut connection, deadline);
            connections.put_back(connection);
            answer
        });
        task.await.unwrap_or_else(|panicked| Err(StoreError::Unavailable(Box::new(panicked)).into()))
    }

    fn take(&self) -> Result<SqliteConnection, Aborted> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(Idle(connection)) => Ok(connection),
            None => Ok(self.opening.open().map_err(StoreError::Unavailable)?),
        }
    }

    /// Puts a connection back. One whose transaction did not end is closed instead, which rolls it back; the
    /// next turn opens a new one.
    fn put_back(&self, mut connection: SqliteConnection) {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut connection);
        if !matches!(status.transaction_depth(), Ok(None)) {
            tracing::warn!("a database connection was left inside a transaction and is closed");
            return;
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(Idle(connection));
    }
}

/// Runs `work` in a transaction that takes the write lock at its start. Without the lock it does not run.
pub(crate) fn immediately<T>(
    connection: &mut SqliteConnection,
    deadline: Instant,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, Aborted>,
) -> Result<T, Aborted> {
    begin(connection, deadline)?;
    let answer = work(connection).and_then(|answer| {
        AnsiTransactionManager::commit_transaction(connection)?;
        Ok(answer)
    });
    let open = AnsiTransactionManager::transaction_manager_status_mut(connection).transaction_depth();
    if answer.is_err() && !matches!(open, Ok(None)) {
        // After a full disk or an I/O error SQLite has already rolled back, and a second rollback fails.
        let _ = AnsiTransactionManager::rollback_transaction(connection);
    }
    answer
}

fn begin(connection: &mut SqliteConnection, deadline: Instant) -> Result<(), Aborted> {
    loop {
        match AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE") {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {}
            Err(error) if is_busy(&error) => return Err(StoreError::Unavailable(Box::new(Busy)).into()),
            other => return Ok(other?),
        }
    }
}
