//! The desk that keeps grants fresh: before a reader gets a token, when a caller asks for a refresh, and
//! ahead of time. It also revokes grants.

mod ahead;
mod ask;
mod attempt;
mod flights;
mod pauses;
mod refusals;
mod revoke;
mod store;

use std::sync::Arc;
use std::time::Duration;

use strongroom_authorization_server::AuthorizationServer;
use strongroom_environment::{Catalog, Clock, Ids};
use strongroom_repository::{CredentialRepository, RefreshLeaseRepository};

use crate::Ports;
use crate::ground::{
    AuditWriter, Gate, Ground, OauthClients, Places, Readiness, Rows, Schedule, Sealing, Trials,
};
use flights::RefreshFlights;
use pauses::ProviderPauses;

/// Refreshes and revokes grants.
pub struct Refreshing {
    gate: Gate,
    rows: Rows,
    sealing: Sealing,
    schedule: Schedule,
    clients: OauthClients,
    audit: AuditWriter,
    readiness: Arc<Readiness>,
    credentials: Arc<dyn CredentialRepository>,
    leases: Arc<dyn RefreshLeaseRepository>,
    server: Arc<dyn AuthorizationServer>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    flights: RefreshFlights,
    pauses: ProviderPauses,
    places: Arc<Places>,
    trials: Arc<Trials>,
}

impl Refreshing {
    pub(crate) fn new(ports: &Ports, ground: &Ground) -> Self {
        Self {
            gate: ground.gate.clone(),
            rows: ground.rows.clone(),
            sealing: ground.sealing.clone(),
            schedule: ground.schedule.clone(),
            clients: ground.clients.clone(),
            audit: ground.audit.clone(),
            readiness: ground.readiness.clone(),
            credentials: ports.credentials.clone(),
            leases: ports.refresh_leases.clone(),
            server: ports.authorization_server.clone(),
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
            flights: RefreshFlights::default(),
            pauses: ProviderPauses::default(),
            places: ground.oauth_places.clone(),
            trials: ground.trials.clone(),
        }
    }

    /// Returns when no refresh is under way in this instance, or after `limit`.
    pub(crate) async fn settle(&self, limit: Duration) {
        self.flights.settle(limit).await;
    }
}
