use std::fmt;

use diesel::result::{DatabaseErrorKind, Error};
use strongroom_repository::{StoreError, Unique};

/// Why a closure on a connection ended early; it can be made from diesel's error, as transactions ask.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) StoreError);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let corrupt = match &error {
            Error::DeserializationError(_) => true,
            Error::DatabaseError(_, facts) => {
                matches!(facts.message(), "database disk image is malformed" | "file is not a database")
            }
            _ => false,
        };
        let source = Box::new(error);
        Self(if corrupt { StoreError::Corrupt(source) } else { StoreError::Unavailable(source) })
    }
}

impl From<BadColumn> for Failure {
    fn from(error: BadColumn) -> Self {
        Self(StoreError::Corrupt(Box::new(error)))
    }
}

/// A stored value that does not read back. It names the place and never the value.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of table {table} cannot be read in row {row}")]
pub(crate) struct BadColumn {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: String,
}

/// Too many wait for the writer, or another process keeps it.
#[derive(Debug, thiserror::Error)]
#[error("no connection was free within 2 seconds")]
pub(crate) struct Busy;

/// Whether another process holds the lock that was asked for. SQLite's result code does not reach us; its
/// text for `SQLITE_BUSY` is fixed.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, facts) if facts.message() == "database is locked")
}

/// The columns of a violated unique index, as SQLite spells them; `None` for any other error.
pub(crate) fn violated(error: &Error) -> Option<&str> {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, facts) => Some(facts.message()),
        _ => None,
    }
}

/// Turns a violated unique index into `Duplicate`, and leaves other errors what they are.
pub(crate) fn duplicate(what: Unique) -> impl FnOnce(Error) -> Failure {
    move |error| match violated(&error) {
        Some(_) => Failure(StoreError::Duplicate(what)),
        None => error.into(),
    }
}

/// A row's key, spelled out only when something is wrong with the row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowKey<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
    Place(i64),
}

impl fmt::Display for RowKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Text(text) => f.write_str(text),
            Self::Place(place) => place.fmt(f),
        }
    }
}
