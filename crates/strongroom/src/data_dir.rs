//! The data directory of the embedded store, and its first start.
//!
//! The steps of a first start are: take the lock, make the database under a temporary name, make the keys,
//! rename the database, write the marker. A marker without a database means that the database was lost, and
//! the start is refused. A database without a marker means that a first start was interrupted, and it is
//! resumed.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_store_sqlite::{SqliteDatabase, SqliteOptions};

use crate::{StartError, secret_file, stores};

/// The data directory.
pub(crate) struct DataDir {
    root: PathBuf,
    database: PathBuf,
}

/// The lock that the one server of a data directory holds.
pub(crate) struct ServeLock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

impl DataDir {
    pub(crate) fn new(root: &Path, database: Option<&Path>) -> Self {
        let database = database.map_or_else(|| root.join("strongroom.db"), Path::to_owned);
        Self { root: root.to_owned(), database }
    }

    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.root.join("keys")
    }

    pub(crate) fn jwt_secret_file(&self) -> PathBuf {
        self.root.join("jwt-secret")
    }

    pub(crate) fn checkpoint_file(&self) -> PathBuf {
        self.root.join("audit-checkpoints.jsonl")
    }

    fn marker(&self) -> PathBuf {
        self.root.join("initialized")
    }

    /// Refuses to work in a directory that belongs to another user, because the server could not use the
    /// files that a command makes there.
    pub(crate) fn check_owner(&self) -> Result<(), StartError> {
        let Ok(metadata) = std::fs::metadata(&self.root) else {
            return Err(StartError::NotInitialized(self.root.clone()));
        };
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(StartError::file(
                &self.root,
                "belongs to another user; run this command as its owner",
            ));
        }
        Ok(())
    }

    /// Checks, for a command, that the database exists.
    pub(crate) fn require(&self) -> Result<(), StartError> {
        self.check_owner()?;
        match (self.marker().exists(), self.database.exists()) {
            (true, true) => Ok(()),
            (true, false) => Err(StartError::DatabaseMissing(self.database.clone())),
            (false, _) => Err(StartError::NotInitialized(self.root.clone())),
        }
    }

    /// Makes the directory, with mode 0700.
    pub(crate) fn create(&self) -> Result<(), StartError> {
        let failed = |error: std::io::Error| StartError::file(&self.root, format!("cannot be made: {error}"));
        if !self.root.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.root).map_err(failed)?;
        }
        self.check_owner()?;
        let mode = std::fs::metadata(&self.root).map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %self.root.display(), "the data directory was open to others and is private now");
            std::fs::set_permissions(&self.root, PermissionsExt::from_mode(0o700)).map_err(failed)?;
        }
        Ok(())
    }

    /// Takes the lock that keeps a second server out.
    pub(crate) fn lock_for_serving(&self) -> Result<ServeLock, StartError> {
        let file = self.lock_file("lock")?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock(file)),
            Err(TryLockError::WouldBlock) => Err(StartError::Locked(self.root.clone())),
            Err(TryLockError::Error(error)) => Err(StartError::file(&self.root, error)),
        }
    }

    /// Sets up what does not exist yet. Returns `false` when everything existed already.
    ///
    /// `make_keys` is called while the set-up lock is held, so that two processes never make two key rings.
    pub(crate) async fn initialize(
        &self,
        make_keys: impl FnOnce(&Self) -> Result<(), StartError>,
    ) -> Result<bool, StartError> {
        let lock = self.lock_file("setup.lock")?;
        // A set-up takes a moment, so a second process waits for it, up to 10 seconds.
        let waited = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        let waited = tokio::time::timeout(Duration::from_secs(10), waited).await;
        let Ok(Ok(Ok(_held))) = waited else { return Err(StartError::Locked(self.root.clone())) };
        match (self.marker().exists(), self.database.exists()) {
            (true, true) => return Ok(false),
            (true, false) => return Err(StartError::DatabaseMissing(self.database.clone())),
            (false, true) => make_keys(self)?,
            (false, false) => {
                let unfinished = self.database.with_extension("db.new");
                stores::remove_database(&unfinished);
                let database = SqliteDatabase::open(&unfinished, SqliteOptions::default()).await?;
                database.migrate().await?;
                // Only this one file is renamed, so it must contain everything.
                database.checkpoint_wal().await?;
                drop(database);
                make_keys(self)?;
                let failed = |error: std::io::Error| StartError::file(&self.database, error);
                std::fs::rename(&unfinished, &self.database).map_err(failed)?;
                stores::remove_database(&unfinished);
                secret_file::sync_folder(&self.database).map_err(failed)?;
            }
        }
        secret_file::write(
            &self.marker(),
            "A vault was set up here. Without this file its loss would go unnoticed.\n",
        )?;
        Ok(true)
    }

    fn lock_file(&self, name: &str) -> Result<File, StartError> {
        let path = self.root.join(name);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        opened.map_err(|error| StartError::file(path, format!("cannot be opened: {error}")))
    }
}
