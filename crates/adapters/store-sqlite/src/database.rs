use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use strongroom_repository::{Source, StoreError, StoreResult};

use crate::connections::{Connections, Opening, Purpose, immediately};
use crate::failure::Failure;
use crate::file::Identity;
use crate::migrations::Newer;
use crate::{StatementCounter, file, migrations};

/// How to open a database.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Whether to make the file when there is none. Without it a missing file is refused.
    pub create: bool,
    /// How many read at the same time; at least one.
    pub readers: usize,
    /// Counts the statements that are run, for tests.
    pub statements: Option<StatementCounter>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { create: true, readers: 4, statements: None }
    }
}

/// Why a database was not opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file, and none was to be made.
    #[error("the database file {0} does not exist")]
    Missing(PathBuf),
    /// The file cannot be made, looked at or made private.
    #[error("the database file {path} cannot be made or made private")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// SQLite takes UTF-8 paths only.
    #[error("the path of the database file is not valid UTF-8")]
    Path,
    /// It is no SQLite database, or cannot be used as one.
    #[error("the database cannot be opened")]
    Connect(#[source] Source),
    /// A migration did not apply; nothing of it remains.
    #[error("the database cannot be migrated")]
    Migrate(#[source] Source),
    /// It was migrated by a later build, which alone knows how to use it.
    #[error("the database has migration {version}, which this build does not know; use the newer build")]
    NewerSchema {
        /// The unknown migration.
        version: String,
    },
}

/// The database file. Clones share its connections.
#[derive(Debug, Clone)]
pub struct SqliteDatabase {
    readers: Arc<Connections>,
    writer: Arc<Connections>,
    file: Arc<Identity>,
}

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = BigInt)]
    busy: i64,
}

impl SqliteDatabase {
    /// Opens the file at `path`, and makes it, readable by its owner only, when `options` allow. Several
    /// processes may do so at once.
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
        Ok(Self { file, writer, readers: connections(Purpose::Read, options.readers.max(1))? })
    }

    /// Applies the migrations that are missing, all or none. Of several processes one does it, the others
    /// wait up to a minute. A database of a newer build is refused.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let migrated = self.writer.run(|connection, _| {
            let deadline = Instant::now() + PATIENCE;
            immediately(connection, deadline, migrations::apply).map_err(|failure| failure.0)
        });
        migrated.await.map_err(|error| match error {
            StoreError::Corrupt(source) | StoreError::Unavailable(source) => match source.downcast::<Newer>()
            {
                Ok(newer) => OpenError::NewerSchema { version: newer.0 },
                Err(source) => OpenError::Migrate(source),
            },
            other => OpenError::Migrate(Box::new(other)),
        })
    }

    /// Moves the write-ahead log into the database and empties it: only then have deleted and replaced
    /// payloads left the disk. To be called every few seconds and at shutdown. `false` when a reader
    /// or another process was in the way; the next call makes up for it.
    pub async fn checkpoint_wal(&self) -> StoreResult<bool> {
        let checkpoint = self.writer.run(|connection, _| {
            let query = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)");
            query.get_result::<Checkpoint>(connection).map_err(|error| Failure::from(error).0)
        });
        Ok(checkpoint.await?.busy == 0)
    }

    /// Runs `work` on a connection that cannot write.
    pub(crate) async fn read<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    {
        self.readers.run(|connection, _| work(connection).map_err(|failure| failure.0)).await
    }

    /// Runs `work` in one transaction on the only connection that writes.
    pub(crate) async fn write<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    {
        let file = Arc::clone(&self.file);
        let run = move |connection: &mut SqliteConnection, deadline| {
            file.check().map_err(|replaced| StoreError::Unavailable(Box::new(replaced)))?;
            immediately(connection, deadline, work).map_err(|failure| failure.0)
        };
        self.writer.run(run).await
    }
}
