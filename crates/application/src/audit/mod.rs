//! The desk for the audit trail: reads it, checks its chains, and signs checkpoints of their heads.

mod chain;
mod checkpoint;
mod query;
mod started;
mod verify;

pub use chain::{Break, Verification};
pub use checkpoint::Checkpoint;
pub use query::QueryAudit;
pub use verify::VerifyAudit;

use std::sync::Arc;

use strongroom_environment::Clock;
use strongroom_repository::AuditTrail;
use strongroom_vault::PurposeKeys;

use crate::Ports;
use crate::ground::{AuditWriter, Ground};

/// Reads and checks the audit trail.
pub struct Audit {
    audit: AuditWriter,
    trail: Arc<dyn AuditTrail>,
    purpose_keys: Arc<dyn PurposeKeys>,
    clock: Arc<dyn Clock>,
}

impl Audit {
    pub(crate) fn new(ports: &Ports, ground: &Ground) -> Self {
        Self {
            audit: ground.audit.clone(),
            trail: ports.audit.clone(),
            purpose_keys: ports.purpose_keys.clone(),
            clock: ports.clock.clone(),
        }
    }
}
