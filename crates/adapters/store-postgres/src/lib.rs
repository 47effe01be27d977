//! The production store: the repository ports on PostgreSQL (15 or newer), for one or many instances.
//!
//! [`PostgresDatabase`] is the pool, the migrations and what belongs to the deployment as a whole.
//! [`PostgresStore`] is the database together with the purpose keys that sign audit records; those keys
//! are themselves read from the database first, hence two types.
//!
//! Every mutation is one transaction that takes its locks in the order quota, flow, credential, lease, integration,
//! audit heads.
//! Nothing here builds SQL from text: statements are diesel expressions or constants with bound values.

mod audit;
mod audit_chain;
mod audit_row;
mod authorization_flow_row;
mod authorization_flows;
mod bad_row;
mod connection_url;
mod credential_row;
mod credentials;
mod database;
mod deployment;
mod destinations;
mod failure;
mod integrations;
mod migrations;
mod oauth_apps;
mod options;
mod organizations;
mod pool;
mod quota;
mod record_query;
mod refresh_leases;
mod schema;
mod service_account_row;
mod service_accounts;
mod tls;
mod turns;

pub use connection_url::endpoints;
pub use database::{OpenError, PostgresDatabase};
pub use options::{PostgresOptions, StatementCounter};

use std::sync::Arc;

use strongroom_vault::PurposeKeys;

/// The store of credentials, connections, OAuth apps, flows and leases, service accounts, organisations and their audit
/// trails, and of the counts of connection tests.
#[derive(Clone)]
pub struct PostgresStore {
    database: PostgresDatabase,
    keys: Arc<dyn PurposeKeys>,
}

impl PostgresStore {
    /// A store on a migrated database, signing audit records with `keys`.
    pub fn new(database: PostgresDatabase, keys: Arc<dyn PurposeKeys>) -> Self {
        Self { database, keys }
    }

    /// The database under it.
    pub fn database(&self) -> &PostgresDatabase {
        &self.database
    }
}
