//! Has people authorise.

pub(crate) mod apps;
pub(crate) mod begin;
pub(crate) mod callback;
pub(crate) mod complete;
pub(crate) mod expire;
pub(crate) mod granted_content;
pub(crate) mod keep;
