//! The ways in which work inside a transaction ends.

use diesel::result::Error;
use strongroom_domain::AuditEvent;
use strongroom_repository::StoreError;

use crate::BadColumn;

/// The outcome of a mutation.
#[derive(Debug)]
pub enum Change {
    /// There was nothing to change. Everything that the mutation has written is undone, and nothing is
    /// recorded.
    None,
    /// The change is made, and its evidence is to be recorded.
    Made,
    /// The change is made, and this event is to be recorded after its evidence.
    MadeAnd(Box<AuditEvent>),
}

impl Change {
    /// Returns the event that is recorded after the evidence, if there is one.
    ///
    /// # Errors
    /// Diesel's error for a rollback, when there was nothing to change. [`made`] turns it into `false`.
    pub fn event(self) -> Result<Option<Box<AuditEvent>>, Aborted> {
        match self {
            Self::None => Err(Aborted::Database(Error::RollbackTransaction)),
            Self::Made => Ok(None),
            Self::MadeAnd(event) => Ok(Some(event)),
        }
    }
}

/// A statement that wrote no row has changed nothing.
impl From<usize> for Change {
    fn from(rows: usize) -> Self {
        if rows == 0 { Self::None } else { Self::Made }
    }
}

/// Why work on a connection ended early. A transaction around it is rolled back.
#[derive(Debug)]
pub enum Aborted {
    /// The store refuses, or has read a value that it should not hold.
    Refused(StoreError),
    /// The database or the connection to it failed.
    Database(Error),
}

/// Returns whether a transaction has made a change. It is `false` when [`Change::event`] rolled it back.
pub fn made(outcome: Result<(), Aborted>) -> Result<bool, Aborted> {
    match outcome {
        Err(Aborted::Database(Error::RollbackTransaction)) => Ok(false),
        outcome => outcome.map(|()| true),
    }
}

impl From<StoreError> for Aborted {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<BadColumn> for Aborted {
    fn from(bad: BadColumn) -> Self {
        Self::Refused(bad.into())
    }
}

impl From<Error> for Aborted {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}
