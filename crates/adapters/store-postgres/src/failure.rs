//! From what diesel says to what the port promises.

use std::future::Future;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};
use strongroom_repository::{StoreError, StoreResult, Unique};

/// Why a transaction or statement came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A decision of ours.
    Store(StoreError),
    /// The row that the whole operation is about is not there.
    Absent,
    /// The server or the connection.
    Database(Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// How long an operation may take in all: 500 ms for the connection, 3 s for a statement, and a little.
pub(crate) const OPERATION_LIMIT: Duration = Duration::from_millis(3_700);

#[derive(Debug, thiserror::Error)]
#[error("the database did not answer within {} ms", .0.as_millis())]
struct TookTooLong(Duration);

/// Runs an operation within `limit`, and once more when it lost against another transaction.
pub(crate) async fn within<T, F, W>(limit: Duration, work: W) -> StoreResult<T>
where
    W: Fn() -> F,
    F: Future<Output = Result<T, Failure>>,
{
    let run = async {
        match work().await {
            Err(failure) if failure.lost_a_conflict() => work().await,
            outcome => outcome,
        }
    };
    match tokio::time::timeout(limit, run).await {
        Ok(outcome) => outcome.map_err(Failure::into_store_error),
        Err(_) => Err(StoreError::Unavailable(Box::new(TookTooLong(limit)))),
    }
}

/// An operation that answers `false` when the row it is about is not there.
pub(crate) async fn found_within<F, W>(limit: Duration, work: W) -> StoreResult<bool>
where
    W: Fn() -> F + Sync,
    F: Future<Output = Result<(), Failure>> + Send,
{
    let work = &work;
    within(limit, || async {
        match work().await {
            Ok(()) => Ok(true),
            Err(Failure::Absent) => Ok(false),
            Err(failure) => Err(failure),
        }
    })
    .await
}

impl Failure {
    /// Whether the server sacrificed this transaction for another one. diesel has no kind for deadlocks;
    /// on a server that does not speak English one is simply not tried again.
    fn lost_a_conflict(&self) -> bool {
        match self {
            Self::Database(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Database(Error::DatabaseError(DatabaseErrorKind::Unknown, info)) => {
                info.message() == "deadlock detected"
            }
            _ => false,
        }
    }

    fn into_store_error(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Absent => StoreError::StaleVersion,
            Self::Database(error) => from_database(error),
        }
    }
}

/// What a database error means to a caller: trying again later may help unless a row or value is at fault.
pub(crate) fn from_database(error: Error) -> StoreError {
    use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    match &error {
        Error::DatabaseError(UniqueViolation, info) => match info.constraint_name() {
            Some("credentials_slot_key") => StoreError::Duplicate(Unique::Slot),
            Some("oauth_apps_app_key") => StoreError::Duplicate(Unique::OauthApp),
            Some("kek_usage_name_key") => StoreError::Duplicate(Unique::KekName),
            // A chain head that is behind its chain: the head was edited.
            Some("audit_events_pkey") => StoreError::Corrupt(Box::new(error)),
            _ => StoreError::Duplicate(Unique::Id),
        },
        Error::DatabaseError(CheckViolation | ForeignKeyViolation | NotNullViolation, _)
        | Error::DeserializationError(_)
        | Error::SerializationError(_) => StoreError::Corrupt(Box::new(error)),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
