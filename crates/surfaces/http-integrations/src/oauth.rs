//! OAuth: flows from the URL that a person is sent to until a credential is usable, refreshes, and the
//! organisation's own apps.

pub(crate) mod apps;
pub(crate) mod authorize;
pub(crate) mod callback;
pub(crate) mod complete;
mod page;
pub(crate) mod refresh;
