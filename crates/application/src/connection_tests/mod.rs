//! The desk for connection tests: it tests new content before it is stored, and stored credentials against
//! the destination that they were stored with.

mod before_storing;
mod counts;
mod run;
mod stored;
mod unstored;

pub use run::Tested;
pub use unstored::TestConnection;

pub(crate) use before_storing::Unanswered;
pub(crate) use run::Run;

use std::sync::Arc;

use strongroom_domain::TestCode;
use strongroom_environment::{Catalog, Clock};
use strongroom_provider_tester::Testers;
use strongroom_repository::{CredentialRepository, DestinationLimitRepository};

use crate::Ports;
use crate::ground::{
    AuditWriter, Gate, Ground, KeyFiles, PlaceLimits, Places, Rows, Sealing, Trials, WINDOW,
};
use crate::refreshing::Refreshing;
use counts::TestCounts;

/// Runs connection tests within their limits.
pub struct ConnectionTests {
    gate: Gate,
    rows: Rows,
    sealing: Sealing,
    key_files: KeyFiles,
    audit: AuditWriter,
    refreshing: Arc<Refreshing>,
    testers: Testers,
    credentials: Arc<dyn CredentialRepository>,
    destinations: Arc<dyn DestinationLimitRepository>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    trials: Arc<Trials>,
    places: Places,
    counts: TestCounts,
}

impl ConnectionTests {
    pub(crate) fn new(ports: &Ports, ground: &Ground, refreshing: Arc<Refreshing>) -> Self {
        Self {
            gate: ground.gate.clone(),
            rows: ground.rows.clone(),
            sealing: ground.sealing.clone(),
            key_files: ground.key_files.clone(),
            audit: ground.audit.clone(),
            refreshing,
            testers: ports.testers.clone(),
            credentials: ports.credentials.clone(),
            destinations: ports.destinations.clone(),
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            trials: ground.trials.clone(),
            places: Places::new(&PlaceLimits::TESTS),
            counts: TestCounts::default(),
        }
    }

    /// How many connection tests have ended with this code since the start of this instance.
    pub fn found(&self, code: TestCode) -> u64 {
        self.counts.get(code)
    }

    /// Forgets the counts of callers and organisations that have not tested within the last minute.
    pub(crate) fn forget_idle(&self) {
        self.trials.forget_idle();
    }

    /// Removes the counts of destinations that were not tested within the last minute.
    pub async fn forget_destinations(&self) {
        if let Err(error) = self.destinations.forget(WINDOW).await {
            tracing::warn!(%error, "old counts of connection tests were not removed");
        }
    }
}
