//! Tests of the store on a real PostgreSQL server: the contract of the ports, and the promises of this store
//! alone.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken promise is shown by a panicking test")]

mod append_only;
mod contention;
mod contract;
mod durability;
mod limits;
mod migrating;
mod outage;
mod poolers;
mod statements;
mod support;
mod tls;
