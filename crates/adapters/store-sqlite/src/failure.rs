//! Turns the errors of diesel into those of the ports.

use diesel::result::{DatabaseErrorKind, Error};
use strongroom_repository::{StoreError, Unique};
use strongroom_store_rows::Aborted;

/// Too many calls wait for a connection, or another process holds the write lock.
#[derive(Debug, thiserror::Error)]
#[error("no connection was free within 2 seconds")]
pub(crate) struct Busy;

/// Whether another process holds the lock that was asked for. diesel does not give SQLite's result code, but
/// the text for `SQLITE_BUSY` is fixed.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, facts) if facts.message() == "database is locked")
}

/// Returns what a failure means to a caller. Trying again later may help, unless a row or value is the cause.
pub(crate) fn store_error(aborted: Aborted) -> StoreError {
    use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    let error = match aborted {
        Aborted::Refused(refusal) => return refusal,
        Aborted::Database(error) => error,
    };
    match &error {
        Error::DatabaseError(UniqueViolation, facts) => match violated_columns(facts.message()) {
            "credentials.org_id, credentials.slot" => StoreError::Duplicate(Unique::Slot),
            "oauth_apps.org_id, oauth_apps.app" => StoreError::Duplicate(Unique::OauthApp),
            "kek_usage.name" => StoreError::Duplicate(Unique::KekName),
            // The chain already has a record after its head, so the head was edited.
            "audit_events.org_id, audit_events.seq" => StoreError::Corrupt(Box::new(error)),
            _ => StoreError::Duplicate(Unique::Id),
        },
        Error::DatabaseError(CheckViolation | ForeignKeyViolation | NotNullViolation, _)
        | Error::DeserializationError(_)
        | Error::SerializationError(_) => StoreError::Corrupt(Box::new(error)),
        Error::DatabaseError(_, facts)
            if matches!(facts.message(), "database disk image is malformed" | "file is not a database") =>
        {
            StoreError::Corrupt(Box::new(error))
        }
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// The columns of a violated unique index, which SQLite writes after a colon.
fn violated_columns(message: &str) -> &str {
    message.split_once(": ").map_or(message, |(_, columns)| columns)
}
