use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::BigInt;
use strongroom_domain::OrganizationId;
use strongroom_repository::{StoreError, StoreResult};
use strongroom_store_rows::{Aborted, BadColumn, Stored};
use tokio::runtime::Handle;

use crate::connection::Connection;
use crate::failure::store_error;
use crate::file::Identity;
use crate::migrations::Newer;
use crate::open_error::OpenError;
use crate::pool::{Connections, Opening, Purpose, immediately};
use crate::{StatementCounter, file, migrations};

/// The options for opening a database.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Whether to create the file when there is none. Otherwise a missing file is refused.
    pub create: bool,
    /// How many connections read at the same time; at least one.
    pub readers: usize,
    /// Counts the statements that are run. It is for tests.
    pub statements: Option<StatementCounter>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { create: true, readers: 4, statements: None }
    }
}

/// The database file. Clones share its connections.
#[derive(Debug, Clone)]
pub struct SqliteDatabase {
    readers: Arc<Connections>,
    writer: Arc<Connections>,
    file: Arc<Identity>,
    path: Arc<Path>,
}

/// The least room on the disk with which the store counts as writable. The write-ahead log and the database
/// grow by less than this between two looks.
const LEAST_ROOM: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
enum NoRoom {
    #[error("less than 1 MiB is free on the disk of the database")]
    Full,
    #[error("the disk of the database cannot be looked at")]
    Unknown(#[source] rustix::io::Errno),
}

pub(crate) use SqliteDatabase as Database;

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = BigInt)]
    busy: i64,
}

impl SqliteDatabase {
    /// Opens the file at `path`. When `options` allow it, a missing file is created, readable by its owner
    /// only. Several processes may do so at once.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let path = path.to_owned();
        let task = tokio::task::spawn_blocking(move || Self::open_blocking(&path, &options));
        task.await.unwrap_or_else(|panicked| Err(OpenError::Connect(Box::new(panicked))))
    }

    fn open_blocking(path: &Path, options: &SqliteOptions) -> Result<Self, OpenError> {
        file::prepare(path, options.create)?;
        let uri = file::uri(path)?;
        let connections = |purpose, count| {
            let opening = Opening { uri: uri.clone(), purpose, statements: options.statements.clone() };
            Connections::open(opening, count).map(Arc::new).map_err(OpenError::Connect)
        };
        let writer = connections(Purpose::Write, 1)?;
        let file = Arc::new(Identity::of(path)?);
        let readers = connections(Purpose::Read, options.readers.max(1))?;
        Ok(Self { file, writer, readers, path: path.into() })
    }

    /// Applies the missing migrations, all or none. When several processes do this at once, one migrates and
    /// the others wait for up to a minute. A database of a newer build is refused.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let migrated = self.writer.run(|connection, _| {
            let deadline = Instant::now() + PATIENCE;
            immediately(connection, deadline, migrations::apply)
        });
        migrated.await.map_err(|aborted| match store_error(aborted) {
            StoreError::Corrupt(source) | StoreError::Unavailable(source) => match source.downcast::<Newer>()
            {
                Ok(newer) => OpenError::NewerSchema { version: newer.0 },
                Err(source) => OpenError::Migrate(source),
            },
            other => OpenError::Migrate(Box::new(other)),
        })
    }

    /// Moves the write-ahead log into the database and empties it. Only then have deleted and replaced
    /// payloads left the disk, so this must be called every few seconds and at shutdown. Returns `false` when
    /// a reader or another process was in the way; the next call then does the work.
    pub async fn checkpoint_wal(&self) -> StoreResult<bool> {
        let checkpoint = self.writer.run(|connection, _| {
            let query = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)");
            Ok(query.get_result::<Checkpoint>(connection)?)
        });
        Ok(checkpoint.await.map_err(store_error)?.busy == 0)
    }

    /// Refuses when the disk is as good as full: a small write may still fit into the log, and the next one
    /// not.
    pub(crate) fn has_room(&self) -> StoreResult<()> {
        let unavailable = |no_room: NoRoom| StoreError::Unavailable(Box::new(no_room));
        let disk = rustix::fs::statvfs(&*self.path).map_err(|errno| unavailable(NoRoom::Unknown(errno)))?;
        match disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_ROOM {
            true => Err(unavailable(NoRoom::Full)),
            false => Ok(()),
        }
    }

    /// Whether exactly the migrations of this build have been applied.
    pub(crate) async fn is_current(&self) -> StoreResult<bool> {
        self.ask(async |connection: &mut Connection| migrations::are_current(connection)).await
    }

    /// Returns the row that a query finds, read back into a domain value. Organisations do not wait for one
    /// another here.
    pub(crate) async fn one<R, Q>(
        &self,
        organization: Option<&OrganizationId>,
        query: Q,
    ) -> StoreResult<Option<R::Value>>
    where
        R: Stored + Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        Ok(self.row(organization, query).await?.map(R::read).transpose()?)
    }

    /// Returns the rows that a query finds, read back into domain values.
    pub(crate) async fn all<R, Q>(
        &self,
        organization: Option<&OrganizationId>,
        query: Q,
    ) -> StoreResult<Vec<R::Value>>
    where
        R: Stored + Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let rows = self.rows(organization, query).await?;
        Ok(rows.into_iter().map(R::read).collect::<Result<_, BadColumn>>()?)
    }

    /// Returns the row that a query finds, as it is stored.
    pub(crate) async fn row<R, Q>(&self, _: Option<&OrganizationId>, query: Q) -> StoreResult<Option<R>>
    where
        R: Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let work = |connection: &mut Connection, _| Ok(query.get_result(connection).optional()?);
        self.readers.run(work).await.map_err(store_error)
    }

    /// Returns the rows that a query finds, as they are stored.
    pub(crate) async fn rows<R, Q>(&self, _: Option<&OrganizationId>, query: Q) -> StoreResult<Vec<R>>
    where
        R: Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let work = |connection: &mut Connection, _| Ok(query.load(connection)?);
        self.readers.run(work).await.map_err(store_error)
    }

    /// Runs several queries on one snapshot of the data, on a connection that cannot write.
    pub(crate) async fn ask<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: AsyncFnOnce(&mut Connection) -> Result<T, Aborted> + Send + 'static,
    {
        let ask =
            |connection: &mut Connection, _| connection.transaction(|connection| finish(work(connection)));
        self.readers.run(ask).await.map_err(store_error)
    }

    /// Runs a write that carries no event, in one transaction.
    pub(crate) async fn alone<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: AsyncFnOnce(&mut Connection) -> Result<T, Aborted> + Send + 'static,
    {
        self.attempt(work).await.map_err(store_error)
    }

    /// Runs a write in one transaction on the only connection that writes. It is for callers that need to
    /// know why the work was aborted.
    pub(crate) async fn attempt<T, W>(&self, work: W) -> Result<T, Aborted>
    where
        T: Send + 'static,
        W: AsyncFnOnce(&mut Connection) -> Result<T, Aborted> + Send + 'static,
    {
        let file = Arc::clone(&self.file);
        let write = move |connection: &mut Connection, deadline| {
            file.check().map_err(|replaced| StoreError::Unavailable(Box::new(replaced)))?;
            immediately(connection, deadline, |connection| finish(work(connection)))
        };
        self.writer.run(write).await
    }
}

/// Returns the result of work on a connection that blocks. Such work never waits, so it runs to its end on
/// this thread.
fn finish<T>(work: impl Future<Output = T>) -> T {
    Handle::current().block_on(work)
}
