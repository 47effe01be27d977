//! Connects providers.

pub(crate) mod catalog;
pub(crate) mod connect;
pub(crate) mod disconnect;
pub(crate) mod list;
pub(crate) mod store;
