//! Either store behind the ports.

use std::path::Path;
use std::sync::Arc;

use strongroom_repository::{
    AuditTrail, CredentialRepository, DeploymentRepository, OrganizationRepository, ServiceAccountRepository,
};
use strongroom_store_postgres::{PostgresDatabase, PostgresOptions, PostgresStore};
use strongroom_store_sqlite::{SqliteDatabase, SqliteOptions, SqliteStore};
use strongroom_vault::{PurposeKeys, WrapLedger};

use crate::builder::StoreChoice;
use crate::data_dir::DataDir;
use crate::{Migrations, StartError};

/// A database that is open, before the keys that its audit trail needs are.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

/// The ports of one store.
pub(crate) struct Stores {
    pub(crate) credentials: Arc<dyn CredentialRepository>,
    pub(crate) service_accounts: Arc<dyn ServiceAccountRepository>,
    pub(crate) organizations: Arc<dyn OrganizationRepository>,
    pub(crate) audit: Arc<dyn AuditTrail>,
    pub(crate) deployment: Arc<dyn DeploymentRepository>,
    pub(crate) database: Database,
}

impl Database {
    /// Opens the chosen store; an embedded one must exist.
    pub(crate) async fn open(choice: &StoreChoice, data_dir: &DataDir) -> Result<Self, StartError> {
        Ok(match choice {
            StoreChoice::Embedded { .. } => {
                Self::Sqlite(SqliteDatabase::open(data_dir.database(), sqlite_options(false)).await?)
            }
            StoreChoice::Postgres { url, pool_size } => {
                let options = PostgresOptions { pool_size: *pool_size, ..PostgresOptions::new(url.expose()) };
                Self::Postgres(PostgresDatabase::connect(options).await?)
            }
        })
    }

    /// Brings the migrations up to date, or refuses when they are not and may not be.
    pub(crate) async fn migrate(&self, migrations: Migrations) -> Result<(), StartError> {
        if self.deployment().migrations_current().await? {
            return Ok(());
        }
        match (migrations, self) {
            (Migrations::Require, _) => Err(StartError::MigrationsMissing),
            (Migrations::Apply, Self::Sqlite(database)) => Ok(database.migrate().await?),
            (Migrations::Apply, Self::Postgres(database)) => Ok(database.migrate().await.map(|_| ())?),
        }
    }

    pub(crate) fn deployment(&self) -> Arc<dyn DeploymentRepository> {
        match self {
            Self::Sqlite(database) => Arc::new(database.clone()),
            Self::Postgres(database) => Arc::new(database.clone()),
        }
    }

    pub(crate) fn ledger(&self) -> Arc<dyn WrapLedger> {
        match self {
            Self::Sqlite(database) => Arc::new(database.clone()),
            Self::Postgres(database) => Arc::new(database.clone()),
        }
    }

    /// The repositories, which need the audit's purpose key.
    pub(crate) fn with_keys(self, keys: Arc<dyn PurposeKeys>) -> Stores {
        let deployment = self.deployment();
        match &self {
            Self::Sqlite(database) => {
                let store = Arc::new(SqliteStore::new(database.clone(), keys));
                Stores {
                    credentials: store.clone(),
                    service_accounts: store.clone(),
                    organizations: store.clone(),
                    audit: store,
                    deployment,
                    database: self,
                }
            }
            Self::Postgres(database) => {
                let store = Arc::new(PostgresStore::new(database.clone(), keys));
                Stores {
                    credentials: store.clone(),
                    service_accounts: store.clone(),
                    organizations: store.clone(),
                    audit: store,
                    deployment,
                    database: self,
                }
            }
        }
    }
}

impl Stores {
    /// Wipes what deleted rows left in the write-ahead log of the embedded store.
    pub(crate) async fn checkpoint_wal(&self) {
        if let Database::Sqlite(database) = &self.database
            && let Err(error) = database.checkpoint_wal().await
        {
            tracing::warn!(%error, "the write-ahead log was not truncated");
        }
    }

}

pub(crate) fn sqlite_options(create: bool) -> SqliteOptions {
    SqliteOptions { create, ..SqliteOptions::default() }
}

/// Removes an unfinished database of a first start that broke off.
pub(crate) fn remove_database(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // What is not there needs no removing; what cannot be removed fails the open that follows.
        std::fs::remove_file(name).ok();
    }
}
