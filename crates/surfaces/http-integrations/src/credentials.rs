//! Operations on credentials.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod read_many;
pub(crate) mod read_secret;
pub(crate) mod update;
