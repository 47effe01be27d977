//! The desk for CRM clients: it keeps one credential for each CRM of an organisation, and shows it in the
//! clear to callers who may read secrets and masked to all others.

mod delete;
mod show;
mod store;
mod update;

pub use store::StoreCrmCredential;
pub use update::UpdateCrmCredential;

use std::sync::Arc;

use strongroom_environment::{Catalog, Clock};
use strongroom_repository::CredentialRepository;

use crate::Ports;
use crate::credentials::Credentials;
use crate::ground::{Gate, Ground, Rows, Schedule, Sealing};
use crate::refreshing::Refreshing;

/// The use cases for credentials in the form that CRM clients know.
pub struct Crm {
    gate: Gate,
    rows: Rows,
    sealing: Sealing,
    schedule: Schedule,
    refreshing: Arc<Refreshing>,
    credentials: Arc<Credentials>,
    repository: Arc<dyn CredentialRepository>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
}

impl Crm {
    pub(crate) fn new(
        ports: &Ports,
        ground: &Ground,
        refreshing: Arc<Refreshing>,
        credentials: Arc<Credentials>,
    ) -> Self {
        Self {
            gate: ground.gate.clone(),
            rows: ground.rows.clone(),
            sealing: ground.sealing.clone(),
            schedule: ground.schedule.clone(),
            refreshing,
            credentials,
            repository: ports.credentials.clone(),
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
        }
    }
}
