//! The data directory of the embedded store, and its first start.
//!
//! The steps of a first start are: take the lock, make the database under a temporary name, make the keys,
//! rename the database, write the marker. A marker without a database means that the database was lost, and
//! the start is refused. A database without a marker means that a first start was interrupted, and it is
//! resumed.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_store_sqlite::{SqliteDatabase, SqliteOptions};

use crate::host_files::Ourselves;
use crate::{StartError, secret_file, stores};

const SETTING: &str = "data_dir (STRONGROOM_DATA_DIR)";

/// Folders of the system, which are never taken for a vault's own, even when they are empty.
const SYSTEM: [&str; 24] = [
    "/", "/bin", "/boot", "/dev", "/dev/shm", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt",
    "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/run",
    "/var/tmp",
];

/// What a set-up makes beside the database.
const OWN_NAMES: [&str; 8] = [
    "keys",
    "keys.new",
    "jwt-secret",
    "jwt-secret.new",
    "audit-checkpoints.jsonl",
    "initialized.new",
    "lock",
    "setup.lock",
];

/// The folder that ext4 makes at the root of every volume.
const LOST_AND_FOUND: &str = "lost+found";

/// Whether a set-up has found a database that was made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FoundDatabase {
    Yes,
    No,
}

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

    /// Refuses to work in a folder that is another's, because the server could not use the files that a
    /// command makes there, or we not those of the server.
    pub(crate) fn check_owner(&self) -> Result<(), StartError> {
        let refuse = |problem: String| Err(StartError::file(&self.root, problem));
        let metadata = match std::fs::metadata(&self.root) {
            Ok(metadata) if metadata.is_dir() => metadata,
            Ok(_) => return refuse(format!("is a file, and {SETTING} must name a folder")),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return refuse(format!("cannot be reached by this process ({})", Ourselves::now()));
            }
            Err(_) => return Err(StartError::NotInitialized(self.root.clone())),
        };
        let (we, owner, group, mode) = (Ourselves::now(), metadata.uid(), metadata.gid(), metadata.mode());
        if owner == we.user || (we.user != 0 && we.has(group) && mode & 0o070 == 0o070) {
            return Ok(());
        }
        if we.user == 0 {
            return refuse(format!(
                "belongs to user {owner}; run this command as its owner (`docker run --user {owner}`; Kubernetes: \
                 `runAsUser: {owner}`)"
            ));
        }
        refuse(format!(
            "belongs to user {owner}, and its group {group} has no full access or is none of ours (we are {we}); run \
             this command as its owner, let the group be one of ours with mode 2770 (Kubernetes: `fsGroup`), or name a \
             folder below it in {SETTING}, which is made"
        ))
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

    /// Makes the folder, with mode 0700. One that exists is taken when nothing but a vault is in it, and only
    /// then its mode is changed.
    pub(crate) fn create(&self) -> Result<(), StartError> {
        let failed = |error: std::io::Error| {
            let problem = format!(
                "cannot be made: {error}; name a folder in {SETTING} that this process ({}) can write to",
                Ourselves::now()
            );
            StartError::file(&self.root, problem)
        };
        if !self.root.exists() {
            return DirBuilder::new().recursive(true).mode(0o700).create(&self.root).map_err(failed);
        }
        self.check_owner()?;
        let metadata = std::fs::metadata(&self.root).map_err(failed)?;
        let (mode, we) = (metadata.mode() & 0o7777, Ourselves::now());
        // The set-group-id bit says that a group is meant to share the folder.
        let is_shared = mode & 0o2000 != 0 && we.has(metadata.gid());
        let wanted = if is_shared { mode & !0o007 } else { 0o700 };
        if mode & 0o777 == wanted & 0o777 {
            return Ok(());
        }
        if !self.is_ours_alone() {
            return self.leave_alone(mode, metadata.uid() == we.user);
        }
        match std::fs::set_permissions(&self.root, PermissionsExt::from_mode(wanted)) {
            Ok(()) => {
                tracing::warn!(path = %self.root.display(), "the data directory was open to others and is private now");
            }
            // An empty volume of Kubernetes is open to everybody in the pod, whatever its group.
            Err(_) if mode & 0o002 != 0 && !is_shared => return self.leave_alone(mode, false),
            Err(_) => tracing::warn!(
                path = %self.root.display(),
                mode = %format!("{mode:04o}"),
                "others can reach the data directory, which belongs to another user; the files in it are private"
            ),
        }
        Ok(())
    }

    /// Refuses a folder that others can reach and that is not ours to close.
    fn leave_alone(&self, mode: u32, could_close: bool) -> Result<(), StartError> {
        let why = match could_close {
            true if self.is_of_the_system() => "and one of the system's",
            true => "and other things than a vault are in it",
            false => "and not ours to close",
        };
        Err(StartError::file(
            &self.root,
            format!(
                "is open to others (mode {mode:04o}) {why}; it is left as it is: name a folder below it in {SETTING}, \
                 such as {}, which is made",
                self.root.join("strongroom").display()
            ),
        ))
    }

    /// Whether a vault was set up here, or nothing else is here than what a set-up makes.
    fn is_ours_alone(&self) -> bool {
        if self.is_of_the_system() {
            return false;
        }
        let we = Ourselves::now();
        let is_mark = |metadata: std::fs::Metadata| {
            metadata.is_file() && (metadata.uid() == we.user || we.has(metadata.gid()))
        };
        if self.marker().symlink_metadata().is_ok_and(is_mark) {
            return true;
        }
        let Ok(entries) = std::fs::read_dir(&self.root) else { return false };
        let Ok(entries) = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        else {
            return false;
        };
        // A set-up begins with its lock and its database. Other files of these names alone are somebody's.
        let was_begun = ["setup.lock", "strongroom.db.new"].iter().any(|name| self.root.join(name).exists())
            || self.database.exists();
        let is_somebodys = |path: &PathBuf| {
            let Ok(found) = path.symlink_metadata() else { return false };
            let is_kept =
                ["keys", "jwt-secret", "audit-checkpoints.jsonl"].iter().any(|name| path.ends_with(name));
            is_kept || (found.is_file() && found.len() > 0 && path.ends_with("lock"))
        };
        entries.iter().all(|path| self.is_of_a_set_up(path))
            && (was_begun || !entries.iter().any(is_somebodys))
    }

    fn is_of_the_system(&self) -> bool {
        let place = self.root.canonicalize();
        place.is_ok_and(|place| SYSTEM.iter().any(|folder| place == Path::new(folder)))
    }

    fn is_of_a_set_up(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
        let of_database = name
            .strip_prefix("strongroom.db")
            .is_some_and(|rest| ["", "-wal", "-shm", ".new", ".new-wal", ".new-shm"].contains(&rest));
        of_database || OWN_NAMES.contains(&name) || name == LOST_AND_FOUND
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
        make_keys: impl FnOnce(&Self, FoundDatabase) -> Result<(), StartError>,
    ) -> Result<bool, StartError> {
        let lock = self.lock_file("setup.lock")?;
        // A set-up takes a moment, so a second process waits for it, up to 10 seconds.
        let waited = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        let waited = tokio::time::timeout(Duration::from_secs(10), waited).await;
        let Ok(Ok(Ok(_held))) = waited else { return Err(StartError::Locked(self.root.clone())) };
        match (self.marker().exists(), self.database.exists()) {
            (true, true) => return Ok(false),
            (true, false) => return Err(StartError::DatabaseMissing(self.database.clone())),
            (false, true) => make_keys(self, FoundDatabase::Yes)?,
            (false, false) => {
                let unfinished = self.database.with_extension("db.new");
                stores::remove_database(&unfinished);
                let failed = |error| StartError::embedded(&unfinished, &error);
                let database = SqliteDatabase::open(&unfinished, SqliteOptions::default()).await;
                let database = database.map_err(failed)?;
                database.migrate().await.map_err(failed)?;
                // Only this one file is renamed, so it must contain everything.
                database.checkpoint_wal().await?;
                drop(database);
                make_keys(self, FoundDatabase::No)?;
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
        let opened = secret_file::open_own(&path, false);
        opened.map_err(|error| StartError::file(path, format!("cannot be opened: {error}")))
    }
}
