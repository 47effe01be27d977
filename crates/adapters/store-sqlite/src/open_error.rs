use std::path::PathBuf;

use strongroom_repository::Source;

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
