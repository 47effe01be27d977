//! The use cases of Strongroom over the ports alone: no HTTP, no SQL, no cipher.
//!
//! The use cases are grouped in desks, one folder for each desk. A desk holds only the ports that it uses.
//! All desks use the `ground`, and dependencies between folders go in one direction:
//!
//! ```text
//! ground <- refreshing <- connection_tests <- credentials <- crm
//! ground <- authorizing                       credentials, authorizing, catalog <- connections
//! ground <- access, audit, catalog            refreshing, connection_tests <- upkeep
//! ```
//!
//! A surface authenticates a [`Caller`] with [`Access::authenticate`], gets the proof that the caller may do
//! what it asks with [`Access::admit`], hands that to one use case and maps its answer or its [`Failure`].

mod access;
mod audit;
mod authorizing;
mod catalog;
mod connection_tests;
mod connections;
mod credentials;
mod crm;
mod failure;
mod ground;
mod ports;
mod refreshing;
mod upkeep;

use std::sync::Arc;

pub use access::{Access, ChangeServiceAccount, IssuedApiKey, NewApiKey, NewServiceAccount, Presented};
pub use audit::{
    Audit, Break, Checkpoint, DeepVerification, Difference, QueryAudit, Verification, VerifyAudit,
};
pub use authorizing::{
    Authorizing, BeginAuthorization, BegunAuthorization, CallbackRefused, CompleteAuthorization,
    ConfirmAuthorization, Confirmation, Confirmed, NewOauthApp, ReceiveCallback, Received, ShownOauthApp,
};
pub use catalog::ProviderCatalog;
pub use connection_tests::{ConnectionTests, TestConnection, Tested};
pub use connections::{
    ConnectIntegration, Connecting, Connections, ListIntegrations, StoreIntegrationCredential,
};
pub use credentials::{
    Credentials, ListCredentials, NewContent, OpenedCredential, StoreCredential, UpdateCredential,
};
pub use crm::{Crm, StoreCrmCredential, UpdateCrmCredential};
pub use failure::{Allowance, Conflict, Failure, Missing};
pub use ground::{
    Caller, ConfiguredApp, CrmCredential, OauthSettings, Operator, Permitted, Place, PlaceLimits, Places,
    StoredBudget, to,
};
pub use ports::{Limits, Ports, TestRates};
pub use refreshing::Refreshing;
pub use strongroom_provider_tester::MAX_PROBE_PATH_BYTES;
pub use strongroom_repository::{ConnectedCredential, Selector};
pub use upkeep::Upkeep;

/// The desks of one instance. Cheap to clone; all clones share one instance.
#[derive(Clone)]
pub struct Application {
    /// Authentication, permission, service accounts and API keys.
    pub access: Arc<Access>,
    /// The audit trail.
    pub audit: Arc<Audit>,
    /// Authorizations and OAuth apps.
    pub authorizing: Arc<Authorizing>,
    /// The providers.
    pub catalog: Arc<ProviderCatalog>,
    /// Connection tests.
    pub connection_tests: Arc<ConnectionTests>,
    /// Connections of the connect dialect.
    pub connections: Arc<Connections>,
    /// Credentials.
    pub credentials: Arc<Credentials>,
    /// Credentials as CRM clients know them.
    pub crm: Arc<Crm>,
    /// Refreshes of tokens.
    pub refreshing: Arc<Refreshing>,
    /// The upkeep of the instance itself.
    pub upkeep: Arc<Upkeep>,
}

impl Application {
    /// Starts the audit writer and makes the desks. Must be called within a tokio runtime.
    pub fn start(ports: &Ports, limits: &Limits, oauth: OauthSettings) -> Self {
        let ground = ground::Ground::lay(ports, limits, oauth);
        let refreshing = Arc::new(Refreshing::new(ports, &ground));
        let connection_tests = Arc::new(ConnectionTests::new(ports, &ground, refreshing.clone()));
        let credentials =
            Arc::new(Credentials::new(ports, &ground, limits, refreshing.clone(), connection_tests.clone()));
        let authorizing = Arc::new(Authorizing::new(ports, &ground, limits));
        let catalog = Arc::new(ProviderCatalog::new(ports.catalog.clone()));
        let neighbours = connections::Neighbours {
            catalog: catalog.clone(),
            tests: connection_tests.clone(),
            credentials: credentials.clone(),
            authorizing: authorizing.clone(),
        };
        Self {
            access: Arc::new(Access::new(ports, &ground)),
            audit: Arc::new(Audit::new(ports, &ground)),
            connections: Arc::new(Connections::new(ports, &ground, neighbours)),
            crm: Arc::new(Crm::new(ports, &ground, refreshing.clone(), credentials.clone())),
            upkeep: Arc::new(Upkeep::new(ports, &ground, refreshing.clone(), connection_tests.clone())),
            authorizing,
            catalog,
            connection_tests,
            credentials,
            refreshing,
        }
    }
}
