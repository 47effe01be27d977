//! Why a vault did not start: what is wrong, where, and what to do. No text holds a secret.

use std::path::PathBuf;

use strongroom_application::Failure;
use strongroom_catalog_files::CatalogError;
use strongroom_environment_system::TokenSettingsError;
use strongroom_repository::StoreError;
use strongroom_vault_ring::{KeyRingError, OpenVaultError};

/// Why a vault did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or folder cannot be used.
    #[error("{path}: {problem}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// Another server works on the data directory.
    #[error("another strongroom server is running on the data directory {0}")]
    Locked(PathBuf),
    /// Nothing has been set up here yet.
    #[error(
        "there is no vault in {0} yet; start the server once (`strongroom serve`) or run `strongroom migrate`"
    )]
    NotInitialized(PathBuf),
    /// A vault was here and its database is gone.
    #[error(
        "the database {0} is missing though this data directory was set up; restore it from a backup, or remove the directory to begin anew"
    )]
    DatabaseMissing(PathBuf),
    /// PostgreSQL needs keys from the operator.
    #[error("{0}")]
    Required(&'static str),
    /// The key ring cannot be read.
    #[error("key ring: {0}")]
    KeyRing(#[from] KeyRingError),
    /// The key ring does not fit the store.
    #[error("vault: {0}")]
    Vault(#[from] OpenVaultError),
    /// A token issuer cannot be used.
    #[error("{0}")]
    Issuer(#[from] TokenSettingsError),
    /// A token could not be issued.
    #[error("{0}")]
    Token(String),
    /// The catalog has bad files.
    #[error("{0}")]
    Catalog(#[from] CatalogError),
    /// The store cannot be opened.
    #[error("the store cannot be used: {0}")]
    Store(String),
    /// Migrations are missing and may not be applied.
    #[error(
        "the store's migrations are not current; run `strongroom migrate` or set store.migrate = \"auto\""
    )]
    MigrationsMissing,
    /// The store belongs to another deployment.
    #[error("the store belongs to deployment {found}, and STRONGROOM_DEPLOYMENT_ID expects {expected}")]
    Deployment {
        /// What the store says.
        found: uuid::Uuid,
        /// What the settings say.
        expected: uuid::Uuid,
    },
    /// A use case failed.
    #[error("{0}")]
    Failure(#[from] Failure),
}

impl StartError {
    pub(crate) fn file(path: impl Into<PathBuf>, problem: impl ToString) -> Self {
        Self::File { path: path.into(), problem: problem.to_string() }
    }
}

/// An error with its causes; what a driver says about its own server is for the operator to read.
fn told(error: &dyn std::error::Error) -> StartError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    StartError::Store(text)
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        told(&error)
    }
}

impl From<strongroom_store_sqlite::OpenError> for StartError {
    fn from(error: strongroom_store_sqlite::OpenError) -> Self {
        told(&error)
    }
}

impl From<strongroom_store_postgres::OpenError> for StartError {
    fn from(error: strongroom_store_postgres::OpenError) -> Self {
        told(&error)
    }
}
