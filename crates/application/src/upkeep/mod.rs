//! The desk that maintains an instance: whether it is ready, what it writes at intervals, and how it stops.

use std::sync::Arc;
use std::time::Duration;

use strongroom_repository::DeploymentRepository;

use crate::Ports;
use crate::connection_tests::ConnectionTests;
use crate::ground::{AuditWriter, Gate, Ground, Readiness, UsageNotes};
use crate::refreshing::Refreshing;

/// How long a refresh that is under way may take once the instance stops: a whole call and its commit.
const SETTLE: Duration = Duration::from_secs(24);

/// Maintains one instance.
pub struct Upkeep {
    gate: Gate,
    audit: AuditWriter,
    usage: Arc<UsageNotes>,
    readiness: Arc<Readiness>,
    refreshing: Arc<Refreshing>,
    tests: Arc<ConnectionTests>,
    deployment: Arc<dyn DeploymentRepository>,
}

impl Upkeep {
    pub(crate) fn new(
        ports: &Ports,
        ground: &Ground,
        refreshing: Arc<Refreshing>,
        tests: Arc<ConnectionTests>,
    ) -> Self {
        Self {
            deployment: ports.deployment.clone(),
            gate: ground.gate.clone(),
            audit: ground.audit.clone(),
            usage: ground.usage.clone(),
            readiness: ground.readiness.clone(),
            refreshing,
            tests,
        }
    }

    /// Whether the store, with current migrations, was reached within the last second, could be written when
    /// that was looked at last, and the instance is not shutting down.
    pub fn is_ready(&self) -> bool {
        self.readiness.is_ready()
    }

    /// Notes that the store has just answered with current migrations.
    pub fn note_store_reached(&self) {
        self.readiness.note_store_reached();
    }

    /// Looks whether the store can be written, when it is time to: every 5 seconds, and at once after a write
    /// that failed. A store that cannot be written hands out no secret, so the instance is not ready then.
    pub async fn look_at_store(&self) {
        if !self.readiness.should_look() {
            return;
        }
        let found = self.deployment.check_writable().await;
        if let Err(error) = &found {
            tracing::warn!(%error, "the store cannot be written, so no secret can be handed out");
        }
        self.readiness.note_look(found.is_ok());
    }

    /// Announces the shutdown: the instance is not ready from now on, and the background begins no new work.
    pub fn drain(&self) {
        self.readiness.drain();
    }

    /// How many audit events this instance has made durable, and how many it could not, since its start.
    /// Events that mutations carry are not counted here.
    pub fn audit_counts(&self) -> (u64, u64) {
        self.audit.counts()
    }

    /// Writes the data that was gathered in memory: last-read and last-used times, and summaries of refusals
    /// that were only counted. Called every few seconds; no decision depends on these data.
    pub async fn flush(&self) {
        self.usage.flush().await;
        self.gate.flush(false);
        self.tests.forget_idle();
    }

    /// Shuts down in order: waits for refreshes in flight (at most 24 s), writes usage notes and suppressed
    /// refusals, then drains the audit queue (at most 10 s).
    pub async fn close(&self) {
        self.refreshing.settle(SETTLE).await;
        self.usage.flush().await;
        self.gate.flush(true);
        self.audit.drain().await;
    }
}
