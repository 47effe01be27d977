//! The embedded store: one SQLite file, written through one connection and read through a few.
//!
//! [`SqliteDatabase`] owns the file, its migrations and what has no audit trail yet: deployment, keys and
//! wraps. [`SqliteStore`] adds the purpose keys, which are read from the database first, and with them
//! everything that leaves evidence.
//!
//! Every method is one closure on a blocking thread. Writers queue for at most 2 seconds, then the call is
//! `Unavailable`; readers never wait for writers (WAL).

mod accounts;
mod audit;
mod authorization_flows;
mod columns;
mod connections;
mod credentials;
mod database;
mod deployment;
mod destinations;
mod failure;
mod file;
mod integrations;
mod migrations;
mod oauth_apps;
mod organizations;
mod quota;
mod refresh_leases;
mod schema;
mod statements;
mod store;

pub use database::{OpenError, SqliteDatabase, SqliteOptions};
pub use statements::StatementCounter;
pub use store::SqliteStore;
