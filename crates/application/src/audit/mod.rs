//! Reads and checks the audit trail.

pub(crate) mod chain;
pub(crate) mod checkpoint;
pub(crate) mod query;
pub(crate) mod started;
pub(crate) mod verify;
