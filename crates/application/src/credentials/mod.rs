//! Stores and hands out credentials.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod store;
pub(crate) mod update;
