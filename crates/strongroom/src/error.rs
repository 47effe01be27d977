//! Why a vault did not start: what is wrong, where, and what to do. No error text holds a secret.

use std::path::{Path, PathBuf};

use strongroom_application::Failure;
use strongroom_catalog_files::CatalogError;
use strongroom_egress::EgressSettingsError;
use strongroom_environment_system::TokenSettingsError;
use strongroom_environment_system::tokens::TokenSettingsProblem;
use strongroom_repository::StoreError;
use strongroom_vault_ring::KeyRingError;

/// Why a vault did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or folder cannot be used.
    #[error("{path}: {problem}")]
    File {
        /// The file or folder.
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
    /// A vault was set up here, and its database is missing or empty.
    #[error(
        "the database {0} is missing or empty though this data directory was set up; restore it from a backup, \
         or remove the directory to begin anew"
    )]
    DatabaseMissing(PathBuf),
    /// The settings lack something that PostgreSQL needs, such as keys.
    #[error("{0}")]
    Required(&'static str),
    /// A setting cannot be used.
    #[error("{setting}: {problem}")]
    Setting {
        /// The name of the setting and of its variable.
        setting: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A token could not be issued.
    #[error("{0}")]
    Token(String),
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
        /// The deployment that the store names.
        found: uuid::Uuid,
        /// The deployment that the settings name.
        expected: uuid::Uuid,
    },
    /// A use case failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl StartError {
    pub(crate) fn file(path: impl Into<PathBuf>, problem: impl ToString) -> Self {
        Self::File { path: path.into(), problem: problem.to_string() }
    }

    pub(crate) fn setting(name: &str, problem: impl ToString) -> Self {
        let variable = name.to_uppercase().replace('.', "__");
        Self::Setting { setting: format!("{name} (STRONGROOM_{variable})"), problem: problem.to_string() }
    }
}

impl StartError {
    /// An embedded database that cannot be used. SQLite's words are those of its result codes.
    pub(crate) fn embedded(path: &Path, error: &strongroom_store_sqlite::OpenError) -> Self {
        let text = chain(error);
        let advice = match () {
            () if text.contains("disk is full") || text.contains("disk I/O error") => {
                "; look whether its disk is full or failing"
            }
            () if text.contains("not a database") || text.contains("malformed") => {
                "; it is damaged, or another kind of file: restore it from a backup"
            }
            () if text.contains("unable to open") => {
                "; it must be a file that this process may read and write"
            }
            () if text.contains("readonly") => "; its file or its mount is read-only",
            () => "",
        };
        Self::file(path, format!("{text}{advice}"))
    }

    /// A PostgreSQL database that cannot be used. `setting` names the URL.
    pub(crate) fn database(setting: &str, error: &strongroom_store_postgres::OpenError) -> Self {
        match error.is_about_the_url() {
            true => Self::Setting { setting: setting.to_owned(), problem: chain(error) },
            false => Self::Store(chain(error)),
        }
    }
}

impl From<KeyRingError> for StartError {
    fn from(error: KeyRingError) -> Self {
        Self::setting("vault.keys", error)
    }
}

impl From<TokenSettingsError> for StartError {
    fn from(error: TokenSettingsError) -> Self {
        let key = match error.problem {
            TokenSettingsProblem::Issuer | TokenSettingsProblem::DuplicateIssuer => "issuer",
            TokenSettingsProblem::Audience => "audience",
            _ => "jwks_file",
        };
        match error.issuer.as_str() {
            "local" if key == "jwks_file" => Self::Setting {
                setting:
                    "auth.jwt_secret (STRONGROOM_AUTH__JWT_SECRET), or the file that auth.jwt_secret_file \
                          (STRONGROOM_AUTH__JWT_SECRET_FILE) names,"
                        .to_owned(),
                problem: error.problem.to_string(),
            },
            "local" => Self::setting(&format!("auth.{key}"), error.problem),
            name => Self::setting(&format!("auth.issuers.{name}.{key}"), error.problem),
        }
    }
}

impl From<CatalogError> for StartError {
    fn from(error: CatalogError) -> Self {
        Self::setting("catalog.dir", error)
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(chain(&error))
    }
}

impl From<strongroom_store_sqlite::OpenError> for StartError {
    fn from(error: strongroom_store_sqlite::OpenError) -> Self {
        Self::Store(chain(&error))
    }
}

impl From<strongroom_store_postgres::OpenError> for StartError {
    fn from(error: strongroom_store_postgres::OpenError) -> Self {
        Self::Store(chain(&error))
    }
}

/// An error with its causes. What a driver says about its own server is meant for the operator.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl From<EgressSettingsError> for StartError {
    fn from(error: EgressSettingsError) -> Self {
        Self::setting(&format!("egress.{}", error.key), error.rule)
    }
}
