//! The desk for connection tests: it tests new content before it is stored, and stored credentials against
//! the destination that they were stored with.

mod before_storing;
mod budget;
mod counts;
mod limits;
mod run;
mod stored;
mod unstored;

pub use budget::StoredBudget;
pub use run::Tested;
pub use unstored::TestConnection;

pub(crate) use before_storing::Unanswered;
pub(crate) use run::Run;

use std::sync::Arc;

use strongroom_domain::TestCode;
use strongroom_environment::{Catalog, Clock};
use strongroom_provider_tester::Testers;
use strongroom_repository::{CredentialRepository, DestinationLimitRepository};

use crate::ground::{AuditWriter, Gate, Ground, KeyFiles, Rows, Sealing};
use crate::refreshing::Refreshing;
use crate::{Limits, Ports};
use counts::TestCounts;
use limits::{TestPlaces, TestRateLimits};

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
    rates: TestRateLimits,
    places: TestPlaces,
    counts: TestCounts,
}

impl ConnectionTests {
    pub(crate) fn new(ports: &Ports, ground: &Ground, limits: &Limits, refreshing: Arc<Refreshing>) -> Self {
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
            rates: TestRateLimits::new(limits.tests),
            places: TestPlaces::default(),
            counts: TestCounts::default(),
        }
    }

    /// How many connection tests have ended with this code since the start of this instance.
    pub fn found(&self, code: TestCode) -> u64 {
        self.counts.get(code)
    }

    /// Forgets the counts of callers and organisations that have not tested within the last minute.
    pub(crate) fn forget_idle(&self) {
        self.rates.forget_idle();
    }

    /// Removes the counts of destinations that were not tested within the last minute.
    pub async fn forget_destinations(&self) {
        if let Err(error) = self.destinations.forget(budget::WINDOW).await {
            tracing::warn!(%error, "old counts of connection tests were not removed");
        }
    }
}
