//! The desk for connections: it connects a provider with a stored credential, or with one that a person
//! grants.

mod connect;
mod disconnect;
mod list;
mod store;

pub use connect::{ConnectIntegration, Connecting};
pub use list::ListIntegrations;
pub use store::StoreIntegrationCredential;

use std::sync::Arc;

use strongroom_environment::{Clock, Ids};
use strongroom_repository::IntegrationRepository;

use crate::Ports;
use crate::authorizing::Authorizing;
use crate::catalog::ProviderCatalog;
use crate::connection_tests::ConnectionTests;
use crate::credentials::Credentials;
use crate::ground::{Ground, Rows};

/// The other desks that a connection needs.
pub(crate) struct Neighbours {
    pub(crate) catalog: Arc<ProviderCatalog>,
    pub(crate) tests: Arc<ConnectionTests>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) authorizing: Arc<Authorizing>,
}

/// Connects and disconnects providers.
pub struct Connections {
    rows: Rows,
    catalog: Arc<ProviderCatalog>,
    tests: Arc<ConnectionTests>,
    credentials: Arc<Credentials>,
    authorizing: Arc<Authorizing>,
    integrations: Arc<dyn IntegrationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl Connections {
    pub(crate) fn new(ports: &Ports, ground: &Ground, neighbours: Neighbours) -> Self {
        let Neighbours { catalog, tests, credentials, authorizing } = neighbours;
        Self {
            rows: ground.rows.clone(),
            catalog,
            tests,
            credentials,
            authorizing,
            integrations: ports.integrations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }
}
