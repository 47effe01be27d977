//! Puts either of the two stores behind the ports.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom_repository::{
    AuditTrail, AuthorizationFlowRepository, CredentialRepository, DeploymentRepository,
    DestinationLimitRepository, IntegrationRepository, OauthAppRepository, OrganizationKeyRepository,
    OrganizationRepository, RefreshLeaseRepository, ServiceAccountRepository, StoreResult,
};
use strongroom_store_postgres::{
    OpenError as PostgresError, PostgresDatabase, PostgresOptions, PostgresStore,
    StatementCounter as PostgresStatements,
};
use strongroom_store_sqlite::{
    SqliteDatabase, SqliteOptions, SqliteStore, StatementCounter as SqliteStatements,
};
use strongroom_vault::{PurposeKeys, WrapLedger};
use tokio::time::Instant;

use crate::builder::StoreChoice;
use crate::data_dir::DataDir;
use crate::error::chain;
use crate::{Migrations, StartError};

/// The time between two attempts to connect to a server that is not up yet.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// An open database. The audit trail needs keys that are not loaded yet at this point.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(SqliteDatabase, SqliteStatements),
    Postgres(PostgresDatabase, Arc<PostgresStatements>),
}

/// The ports of one store.
pub(crate) struct Stores {
    pub(crate) credentials: Arc<dyn CredentialRepository>,
    pub(crate) integrations: Arc<dyn IntegrationRepository>,
    pub(crate) service_accounts: Arc<dyn ServiceAccountRepository>,
    pub(crate) organizations: Arc<dyn OrganizationRepository>,
    pub(crate) audit: Arc<dyn AuditTrail>,
    pub(crate) destinations: Arc<dyn DestinationLimitRepository>,
    pub(crate) authorization_flows: Arc<dyn AuthorizationFlowRepository>,
    pub(crate) oauth_apps: Arc<dyn OauthAppRepository>,
    pub(crate) refresh_leases: Arc<dyn RefreshLeaseRepository>,
    pub(crate) deployment: Arc<dyn DeploymentRepository>,
    pub(crate) database: Database,
}

impl Database {
    /// Opens the chosen store. An embedded store must exist. A PostgreSQL server that is not up yet is waited
    /// for when that is asked for.
    pub(crate) async fn open(
        choice: &StoreChoice,
        data_dir: &DataDir,
        waits: bool,
    ) -> Result<Self, StartError> {
        Ok(match choice {
            StoreChoice::Embedded { .. } => {
                let statements = SqliteStatements::new();
                let options = SqliteOptions {
                    create: false,
                    statements: Some(statements.clone()),
                    ..SqliteOptions::default()
                };
                let path = data_dir.database();
                let opened = SqliteDatabase::open(path, options).await;
                let database = opened.map_err(|error| StartError::embedded(path, &error))?;
                // The first migration made the deployment's id. A file without an id is not the vault that
                // was set up here, and must not be served as an empty vault.
                if database.deployment_id().await.is_err() {
                    return Err(StartError::DatabaseMissing(data_dir.database().to_owned()));
                }
                Self::Sqlite(database, statements)
            }
            StoreChoice::Postgres(choice) => {
                let statements = Arc::new(PostgresStatements::default());
                let options = PostgresOptions {
                    pool_size: choice.pool_size,
                    statements: Some(statements.clone()),
                    ..PostgresOptions::new(choice.url.expose())
                };
                let wait = if waits { choice.wait } else { Duration::ZERO };
                let database = connect(options, wait).await;
                Self::Postgres(
                    database.map_err(|error| StartError::database(&choice.setting, &error))?,
                    statements,
                )
            }
        })
    }

    /// Applies missing migrations, or fails when the configuration does not allow that.
    pub(crate) async fn migrate(
        &self,
        migrations: Migrations,
        choice: &StoreChoice,
        data_dir: &DataDir,
    ) -> Result<(), StartError> {
        if self.deployment().migrations_current().await? {
            return Ok(());
        }
        match (migrations, self, choice) {
            (Migrations::Require, ..) => Err(StartError::MigrationsMissing),
            (Migrations::Apply, Self::Sqlite(database, _), _) => {
                let migrated = database.migrate().await;
                migrated.map_err(|error| StartError::embedded(data_dir.database(), &error))
            }
            (Migrations::Apply, Self::Postgres(database, _), StoreChoice::Postgres(choice)) => {
                let migrated = database.migrate().await.map(drop);
                migrated.map_err(|error| StartError::database(&choice.setting, &error))
            }
            (Migrations::Apply, Self::Postgres(database, _), _) => Ok(database.migrate().await.map(drop)?),
        }
    }

    /// Whether the store's role could turn off what guards its tables; `false` for the embedded store, which
    /// has no roles.
    pub(crate) async fn is_superuser(&self) -> StoreResult<bool> {
        match self {
            Self::Sqlite(..) => Ok(false),
            Self::Postgres(database, _) => database.is_superuser().await,
        }
    }

    pub(crate) fn deployment(&self) -> Arc<dyn DeploymentRepository> {
        match self {
            Self::Sqlite(database, _) => Arc::new(database.clone()),
            Self::Postgres(database, _) => Arc::new(database.clone()),
        }
    }

    pub(crate) fn organization_keys(&self) -> Arc<dyn OrganizationKeyRepository> {
        match self {
            Self::Sqlite(database, _) => Arc::new(database.clone()),
            Self::Postgres(database, _) => Arc::new(database.clone()),
        }
    }

    pub(crate) fn ledger(&self) -> Arc<dyn WrapLedger> {
        match self {
            Self::Sqlite(database, _) => Arc::new(database.clone()),
            Self::Postgres(database, _) => Arc::new(database.clone()),
        }
    }

    /// Makes the repositories, which need the purpose key of the audit trail.
    pub(crate) fn with_keys(self, keys: Arc<dyn PurposeKeys>) -> Stores {
        match self.clone() {
            Self::Sqlite(database, _) => Stores::of(Arc::new(SqliteStore::new(database, keys)), self),
            Self::Postgres(database, _) => Stores::of(Arc::new(PostgresStore::new(database, keys)), self),
        }
    }
}

/// Connects, and tries again every second until the limit while the server is not up.
async fn connect(options: PostgresOptions, wait: Duration) -> Result<PostgresDatabase, PostgresError> {
    let until = Instant::now() + wait;
    loop {
        let opened = match PostgresDatabase::connect(options.clone()).await {
            // Who waits is about to write.
            Ok(database) if !wait.is_zero() => database.refuse_read_only().await.map(|()| database),
            opened => opened,
        };
        match opened {
            Err(error) if error.is_passing() && Instant::now() < until => {
                let left = until.duration_since(Instant::now()).as_secs();
                tracing::warn!(cause = %chain(&error), seconds_left = left, "waiting for the database");
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            outcome => return outcome,
        }
    }
}

impl Stores {
    fn of<S>(store: Arc<S>, database: Database) -> Self
    where
        S: CredentialRepository
            + IntegrationRepository
            + ServiceAccountRepository
            + OrganizationRepository
            + DestinationLimitRepository
            + AuthorizationFlowRepository
            + OauthAppRepository
            + RefreshLeaseRepository
            + AuditTrail
            + 'static,
    {
        Self {
            credentials: store.clone(),
            integrations: store.clone(),
            service_accounts: store.clone(),
            organizations: store.clone(),
            destinations: store.clone(),
            authorization_flows: store.clone(),
            oauth_apps: store.clone(),
            refresh_leases: store.clone(),
            audit: store,
            deployment: database.deployment(),
            database,
        }
    }

    /// Returns a function that reads how many statements this instance has sent.
    pub(crate) fn statements(&self) -> Box<dyn Fn() -> u64 + Send + Sync> {
        match &self.database {
            Database::Sqlite(_, statements) => {
                let statements = statements.clone();
                Box::new(move || statements.count())
            }
            Database::Postgres(_, statements) => {
                let statements = statements.clone();
                Box::new(move || statements.sent())
            }
        }
    }

    /// Removes the data of deleted rows from the write-ahead log of the embedded store.
    pub(crate) async fn checkpoint_wal(&self) {
        if let Database::Sqlite(database, _) = &self.database
            && let Err(error) = database.checkpoint_wal().await
        {
            tracing::warn!(%error, "the write-ahead log was not truncated");
        }
    }
}

/// Removes the unfinished database of a first start that was interrupted.
pub(crate) fn remove_database(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // A missing file needs no removal. A file that cannot be removed makes the following open fail.
        std::fs::remove_file(name).ok();
    }
}
