//! Tests of the risks that only an embedded store has: files, other processes, a full disk and edited rows.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is a failed test")]

mod faults;
mod files;
mod oauth;
mod processes;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use strongroom_domain::{Action, Evidence, OrganizationId};
use strongroom_fixtures::{TestPurposeKeys, event, organization};
use strongroom_store_sqlite::{SqliteDatabase, SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// A migrated store in a folder of its own.
struct Embedded {
    folder: TempDir,
    database: SqliteDatabase,
    store: SqliteStore,
}

impl Embedded {
    async fn new() -> Self {
        Self::with(SqliteOptions::default()).await
    }

    async fn with(options: SqliteOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, store) = open(&path_in(folder.path()), options).await;
        Self { folder, database, store }
    }

    fn path(&self) -> PathBuf {
        path_in(self.folder.path())
    }

    /// A connection of an attacker who has the file and a SQLite shell.
    fn intruder(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.path().to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        connection
    }
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join("strongroom.db")
}

/// Opens and migrates as a process does at its start.
async fn open(path: &Path, options: SqliteOptions) -> (SqliteDatabase, SqliteStore) {
    let database = SqliteDatabase::open(path, options).await.unwrap();
    database.migrate().await.unwrap();
    let store = SqliteStore::new(database.clone(), Arc::new(TestPurposeKeys::new()));
    (database, store)
}

fn acme() -> OrganizationId {
    organization("acme")
}

fn evidence() -> Evidence {
    event(&acme(), Action::SecretRead).into()
}
