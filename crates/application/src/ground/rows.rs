//! Finds and changes rows of credentials within the limits of their callers.

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::{
    Action, AuditEvent, Credential, CredentialId, CrmMapping, Outcome, Provider, Rule, Sealed,
};
use strongroom_environment::{Catalog, Clock};
use strongroom_repository::{CredentialRepository, SealedCredential, Selector};

use super::gate::Gate;
use super::sealing::Sealing;
use crate::{Caller, Conflict, Failure, Missing};

/// How long a write that expects no revision starts over when other writes were faster.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Finds rows within a caller's reach, and prepares changes of them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rows {
    pub(crate) gate: Gate,
    pub(crate) credentials: Arc<dyn CredentialRepository>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealing: Sealing,
}

impl Rows {
    /// Finds the metadata of a credential. The answer is the same `NotFound` for a credential of another
    /// organisation, one beyond the caller's reach, and one that was never stored.
    pub(crate) async fn reachable(&self, caller: &Caller, id: CredentialId) -> Result<Credential, Failure> {
        let found = self.credentials.find(caller.organization(), id).await?;
        let found = found.ok_or(Failure::NotFound(Missing::Credential))?;
        self.gate.check_reach(caller, &found)?;
        Ok(found)
    }

    /// Finds a credential with its sealed payload, by the rules of [`Self::reachable`].
    pub(crate) async fn sealed_reachable(
        &self,
        caller: &Caller,
        selector: &Selector,
    ) -> Result<SealedCredential, Failure> {
        let found = self.credentials.find_sealed(caller.organization(), selector).await?;
        let found = found.ok_or(Failure::NotFound(Missing::Credential))?;
        self.gate.check_reach(caller, &found.credential)?;
        Ok(found)
    }

    /// Finds the provider of a stored credential. When the catalog no longer has it, that is a fault of the
    /// deployment.
    pub(crate) fn provider_of(&self, credential: &Credential) -> Result<Arc<Provider>, Failure> {
        self.catalog.find(credential.provider.as_str()).ok_or_else(|| {
            tracing::error!(provider = %credential.provider, "a stored credential's provider is not in the catalog");
            Failure::Internal
        })
    }

    /// Finds a CRM by its id in any case.
    pub(crate) fn crm_provider(&self, id: &str) -> Result<(Arc<Provider>, CrmMapping), Failure> {
        let provider = self.catalog.find(id);
        let found = provider.and_then(|provider| provider.crm.clone().map(|mapping| (provider, mapping)));
        found.ok_or_else(|| {
            let all = self.catalog.all();
            let crms = all.iter().filter(|provider| provider.crm.is_some());
            let ids: Vec<&str> = crms.map(|provider| provider.id.as_str()).collect();
            Failure::invalid(Rule::naming(format!("must be one of: {}", ids.join(", "))).on("provider"))
        })
    }

    /// Finds how the provider of a stored credential appears to CRM clients. The provider file may have
    /// changed since the credential was stored.
    pub(crate) fn crm_mapping_of(
        &self,
        credential: &Credential,
    ) -> Result<(Arc<Provider>, CrmMapping), Failure> {
        let provider = self.provider_of(credential)?;
        match provider.crm.clone() {
            Some(mapping) => Ok((provider, mapping)),
            None => {
                tracing::error!(provider = %provider.id, "the provider of a stored credential is no CRM any more");
                Err(Failure::Internal)
            }
        }
    }

    /// The metadata of a credential after the caller's edit.
    pub(crate) fn next_revision(&self, caller: &Caller, current: &Credential) -> Credential {
        let mut changed = current.clone();
        changed.revision += 1;
        changed.updated_at = self.clock.now();
        changed.modified_by = caller.principal.id().to_owned();
        changed
    }

    /// The event of an edit. It names the parts that have changed.
    pub(crate) fn change_event(
        &self,
        caller: &Caller,
        before: &Credential,
        after: &Credential,
        sealed: Option<&Sealed>,
    ) -> AuditEvent {
        let mut changed = Vec::new();
        if before.name != after.name {
            changed.push("name");
        }
        if before.expires_at != after.expires_at {
            changed.push("expires_at");
        }
        let action = match sealed {
            Some(_) => Action::CredentialUpdated,
            None => Action::CredentialRenamed,
        };
        if sealed.is_some() {
            changed.push("credentials");
        }
        if before.credential_type != after.credential_type {
            changed.push("credential_type");
        }
        let event = caller.event(action, Outcome::Success).about(after).detail("changed", changed.join(","));
        match sealed {
            Some(sealed) => event.sealed_as(self.sealing.digest(sealed)),
            None => event,
        }
    }
}

/// Refuses an edit when the credential has another revision than the caller expects.
pub(crate) fn check_revision(expected: Option<u64>, current: &Credential) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != current.revision => Err(Failure::Conflict(Conflict::StaleRevision)),
        _ => Ok(()),
    }
}
