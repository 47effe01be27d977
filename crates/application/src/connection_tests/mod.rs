//! Tests connections.

pub(crate) mod before_storing;
pub(crate) mod budget;
pub(crate) mod counts;
pub(crate) mod limits;
pub(crate) mod run;
pub(crate) mod stored;
pub(crate) mod unstored;
