//! Keeps grants fresh.

pub(crate) mod ahead;
pub(crate) mod ask;
pub(crate) mod attempt;
pub(crate) mod flights;
pub(crate) mod pauses;
pub(crate) mod revoke;
pub(crate) mod store;
