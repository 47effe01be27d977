//! Operations on the audit trail.

pub(crate) mod query;
pub(crate) mod verify;
