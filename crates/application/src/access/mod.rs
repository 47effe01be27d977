//! Finds out who is asking.

pub(crate) mod accounts;
pub(crate) mod authenticate;
pub(crate) mod keys;
pub(crate) mod limit;
pub(crate) mod verified_keys;
