use async_trait::async_trait;
use strongroom_domain::{Credential, CredentialId, Evidence, Integration, OrganizationId, ProviderId};

use crate::StoreResult;

/// A connection with the credential that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedCredential {
    /// The connection.
    pub integration: Integration,
    /// Its credential's metadata; `None` when it is disconnected.
    pub credential: Option<Credential>,
}

/// Connections of organisations: one for each provider at most.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IntegrationRepository: Send + Sync {
    /// Connects a provider with a credential and records the event. What is left of an earlier connection
    /// that was disconnected is replaced.
    ///
    /// MUST return `Duplicate { what: "integration" }` when the provider is connected, also for all but one
    /// of any number of parallel calls. MUST return `Ok(false)`, and write and record nothing, when the
    /// credential is gone: a connection never outlives its credential.
    async fn connect(
        &self,
        new: &Integration,
        credential: CredentialId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Disconnects a provider and records the event. Who connected it, and when, stays.
    ///
    /// MUST return `Ok(false)`, and record nothing, when it is not connected.
    async fn disconnect(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// The connection of one provider, present or past.
    async fn find(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
    ) -> StoreResult<Option<ConnectedCredential>>;

    /// All of them in the order of their providers' ids.
    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>>;
}
