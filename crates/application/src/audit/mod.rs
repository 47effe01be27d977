//! The desk for the audit trail: reads it, checks its chains, and signs checkpoints of their heads.

mod chain;
mod checkpoint;
mod deep;
mod query;
mod started;
mod verify;

pub use chain::{Break, Verification};
pub use checkpoint::Checkpoint;
pub use deep::{DeepVerification, Difference};
pub use query::QueryAudit;
pub use verify::VerifyAudit;

use std::sync::Arc;

use strongroom_domain::OrganizationId;
use strongroom_environment::Clock;
use strongroom_repository::{AuditTrail, CredentialRepository};
use strongroom_vault::{PurposeKeys, Vault};

use chain::Walk;

use crate::Ports;
use crate::ground::{AuditWriter, Ground};

/// Reads and checks the audit trail.
pub struct Audit {
    audit: AuditWriter,
    trail: Arc<dyn AuditTrail>,
    purpose_keys: Arc<dyn PurposeKeys>,
    clock: Arc<dyn Clock>,
    credentials: Arc<dyn CredentialRepository>,
    vault: Arc<dyn Vault>,
}

impl Audit {
    pub(crate) fn new(ports: &Ports, ground: &Ground) -> Self {
        Self {
            audit: ground.audit.clone(),
            trail: ports.audit.clone(),
            purpose_keys: ports.purpose_keys.clone(),
            clock: ports.clock.clone(),
            credentials: ports.credentials.clone(),
            vault: ports.vault.clone(),
        }
    }

    fn walk<'a>(&'a self, organization: &'a OrganizationId) -> Walk<'a> {
        Walk { trail: self.trail.as_ref(), keys: self.purpose_keys.as_ref(), organization }
    }
}
