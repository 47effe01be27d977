//! The production store: the repository ports on PostgreSQL (15 or newer), for one or many instances.
//!
//! [`PostgresDatabase`] has the pool, the migrations and the data of the whole deployment. [`PostgresStore`]
//! is the database together with the purpose keys that sign audit records. There are two types because those
//! keys are themselves read from the database first.
//!
//! The rows, and the operations that both stores do in the same way, are in `store-rows`: its repositories
//! are mounted here. This crate has what PostgreSQL does in its own way.
//!
//! Every mutation is one transaction. It takes its locks in the order quota, flow, credential, lease,
//! integration, audit heads; only the begin of a flow locks the audit head first. Nothing here builds SQL
//! from text: statements are diesel expressions or constants with bound values.

mod audit_append;
mod audit_chain;
mod connection;
mod connection_url;
mod database;
mod destinations;
mod driver_error;
mod failure;
mod flow_starts;
mod lease_attempts;
mod migrations;
mod notes;
mod open_error;
mod options;
mod pool;
mod quota;
mod record_query;
mod role;
mod session;
mod store;
mod tls;
mod triggers;
mod turns;

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

pub use connection_url::endpoints;
pub use database::PostgresDatabase;
pub use open_error::OpenError;
pub use options::{PostgresOptions, StatementCounter};
pub use store::PostgresStore;
