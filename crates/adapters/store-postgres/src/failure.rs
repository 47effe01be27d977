//! Turns the errors of diesel into those of the ports.

use std::future::Future;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};
use strongroom_repository::{StoreError, StoreResult, Unique};
use strongroom_store_rows::Aborted;

/// How long an operation may take in total: 500 ms for the connection, 3 s for a statement, and a small
/// reserve.
pub(crate) const OPERATION_LIMIT: Duration = Duration::from_millis(3_700);

#[derive(Debug, thiserror::Error)]
#[error("the database did not answer within {} ms", .0.as_millis())]
struct TookTooLong(Duration);

/// Runs an operation within `limit`.
pub(crate) async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Aborted>> + Send,
) -> Result<T, Aborted> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(StoreError::Unavailable(Box::new(TookTooLong(limit))).into()),
    }
}

/// Runs an operation within `limit`, and once more when it lost against another transaction.
pub(crate) async fn within<T, F, W>(limit: Duration, work: W) -> StoreResult<T>
where
    T: Send,
    W: Fn() -> F + Send + Sync,
    F: Future<Output = Result<T, Aborted>> + Send,
{
    twice_within(limit, work).await.map_err(store_error)
}

/// Like [`within`], for callers that need to know why the operation was aborted.
pub(crate) async fn twice_within<T, F, W>(limit: Duration, work: W) -> Result<T, Aborted>
where
    T: Send,
    W: Fn() -> F + Send + Sync,
    F: Future<Output = Result<T, Aborted>> + Send,
{
    let run = async {
        match work().await {
            Err(aborted) if lost_a_conflict(&aborted) => work().await,
            outcome => outcome,
        }
    };
    in_time(limit, run).await
}

/// Whether the server aborted this transaction in favour of another one. diesel has no kind for deadlocks, so
/// the message is compared; on a server that does not use English a deadlock is not tried again.
fn lost_a_conflict(aborted: &Aborted) -> bool {
    match aborted {
        Aborted::Database(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Aborted::Database(Error::DatabaseError(DatabaseErrorKind::Unknown, info)) => {
            info.message() == "deadlock detected"
        }
        _ => false,
    }
}

/// Returns what a failure means to a caller. Trying again later may help, unless a row or value is the cause.
pub(crate) fn store_error(aborted: Aborted) -> StoreError {
    use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    let error = match aborted {
        Aborted::Refused(refusal) => return refusal,
        Aborted::Database(error) => error,
    };
    match &error {
        Error::DatabaseError(UniqueViolation, info) => match info.constraint_name() {
            Some("credentials_slot_key") => StoreError::Duplicate(Unique::Slot),
            Some("oauth_apps_app_key") => StoreError::Duplicate(Unique::OauthApp),
            Some("kek_usage_name_key") => StoreError::Duplicate(Unique::KekName),
            // The chain already has a record after its head, so the head was edited.
            Some("audit_events_pkey") => StoreError::Corrupt(Box::new(error)),
            _ => StoreError::Duplicate(Unique::Id),
        },
        Error::DatabaseError(CheckViolation | ForeignKeyViolation | NotNullViolation, _)
        | Error::DeserializationError(_)
        | Error::SerializationError(_) => StoreError::Corrupt(Box::new(error)),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
