//! The store on a real PostgreSQL server: the contract of the ports, and what only this store promises.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken promise is shown by a panicking test")]

mod append_only;
mod contention;
mod contract;
mod durability;
mod limits;
mod migrating;
mod outage;
mod statements;
mod support;
mod tls;
