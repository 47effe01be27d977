//! The embedded store: one SQLite file, written through one connection and read through a few.
//!
//! [`SqliteDatabase`] has the file, its migrations and the data without an audit trail: deployment, keys and
//! wraps. [`SqliteStore`] adds the purpose keys, which are read from the database first, and with them
//! everything that leaves evidence.
//!
//! The rows, and the operations that both stores do in the same way, are in `store-rows`: its repositories
//! are mounted here. This crate has what SQLite does in its own way.
//!
//! Every transaction is one closure on a blocking thread. A writer waits for its turn for at most 2 seconds;
//! then the call is `Unavailable`. Readers never wait for writers (WAL).

mod audit_append;
mod audit_chain;
mod connection;
mod database;
mod destinations;
mod failure;
mod file;
mod flow_starts;
mod lease_attempts;
mod migrations;
mod notes;
mod open_error;
mod pool;
mod quota;
mod statements;
mod store;
mod triggers;

#[path = "../../store-rows/repositories/audit.rs"]
mod audit;
#[path = "../../store-rows/repositories/authorization_flows.rs"]
mod authorization_flows;
#[path = "../../store-rows/repositories/credentials.rs"]
mod credentials;
#[path = "../../store-rows/repositories/deployment.rs"]
mod deployment;
#[path = "../../store-rows/repositories/integrations.rs"]
mod integrations;
#[path = "../../store-rows/repositories/oauth_apps.rs"]
mod oauth_apps;
#[path = "../../store-rows/repositories/organization_keys.rs"]
mod organization_keys;
#[path = "../../store-rows/repositories/organizations.rs"]
mod organizations;
#[path = "../../store-rows/repositories/refresh_leases.rs"]
mod refresh_leases;
#[path = "../../store-rows/repositories/service_accounts.rs"]
mod service_accounts;

pub use database::{SqliteDatabase, SqliteOptions};
pub use open_error::OpenError;
pub use statements::StatementCounter;
pub use store::SqliteStore;
