//! The entrance desk: it authenticates callers, admits them to the operations that they may do, and keeps
//! service accounts and their keys.

mod accounts;
mod authenticate;
mod keys;
mod limit;
mod refused;

pub use accounts::{ChangeServiceAccount, NewServiceAccount};
pub use authenticate::Presented;
pub use keys::{IssuedApiKey, NewApiKey};

use std::sync::Arc;

use strongroom_environment::{Catalog, Clock, Ids, Randomness, TokenVerifier};
use strongroom_repository::{OrganizationRepository, ServiceAccountRepository};
use strongroom_vault::PurposeKeys;

use crate::ground::{Gate, Ground, Permitted, Standings, UsageNotes, VerifiedKeys, to};
use crate::{Caller, Failure, Ports};

/// Authenticates and admits callers.
pub struct Access {
    gate: Gate,
    usage: Arc<UsageNotes>,
    service_accounts: Arc<dyn ServiceAccountRepository>,
    organizations: Arc<dyn OrganizationRepository>,
    tokens: Arc<dyn TokenVerifier>,
    purpose_keys: Arc<dyn PurposeKeys>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    randomness: Arc<dyn Randomness>,
    verified_keys: Arc<VerifiedKeys>,
    standings: Standings,
}

impl Access {
    pub(crate) fn new(ports: &Ports, ground: &Ground) -> Self {
        Self {
            gate: ground.gate.clone(),
            usage: ground.usage.clone(),
            service_accounts: ports.service_accounts.clone(),
            organizations: ports.organizations.clone(),
            tokens: ports.tokens.clone(),
            purpose_keys: ports.purpose_keys.clone(),
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
            randomness: ports.randomness.clone(),
            verified_keys: ground.verified_keys.clone(),
            standings: ground.standings.clone(),
        }
    }

    /// Admits a caller to an operation, when the permission table allows it. Every use case requires the
    /// proof. So a surface calls this first, before it reads a body, and a refusal comes before any error in
    /// the body.
    ///
    /// # Errors
    /// `Forbidden`; the refusal is on record then.
    pub fn admit<O: to::Admission>(&self, caller: Caller) -> Result<Permitted<O>, Failure> {
        self.gate.admit(caller)
    }

    /// The caller as it is after a wait: while its body arrived, or while it stood in line.
    ///
    /// # Errors
    /// `Unauthenticated` when its token has ended or its key was revoked meanwhile; `Unavailable` when that
    /// cannot be found out.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, Failure> {
        self.standings.renew(caller).await
    }
}
