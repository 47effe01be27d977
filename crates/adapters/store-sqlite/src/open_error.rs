use std::path::PathBuf;

use strongroom_repository::Source;

/// Why a database was not opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file, and the options do not allow creating one.
    #[error("the database file {0} does not exist")]
    Missing(PathBuf),
    /// The file cannot be created, examined or made private.
    #[error("the database file {path} cannot be made or made private")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The path is not UTF-8, which SQLite requires.
    #[error("the path of the database file is not valid UTF-8")]
    Path,
    /// The file is not a SQLite database, or cannot be used as one.
    #[error("the database cannot be opened")]
    Connect(#[source] Source),
    /// A migration failed; nothing of it remains.
    #[error("the database cannot be migrated")]
    Migrate(#[source] Source),
    /// The database was migrated by a later build, and only that build knows how to use it.
    #[error("the database has migration {version}, which this build does not know; use the newer build")]
    NewerSchema {
        /// The unknown migration.
        version: String,
    },
}
