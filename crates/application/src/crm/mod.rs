//! Credentials as CRM clients know them.

pub(crate) mod delete;
pub(crate) mod show;
pub(crate) mod store;
pub(crate) mod update;
