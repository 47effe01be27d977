use async_trait::async_trait;
use strongroom_domain::{
    Credential, Evidence, Integration, IntegrationId, IntegrationStatus, OrganizationId, ProviderId,
};

use crate::StoreResult;

/// A connection with the credential that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedCredential {
    /// The connection.
    pub integration: Integration,
    /// Its credential's metadata; `None` when it is disconnected.
    pub credential: Option<Credential>,
}

impl ConnectedCredential {
    /// The status of the connection.
    pub fn status(&self) -> IntegrationStatus {
        IntegrationStatus::of(self.credential.as_ref().map(|credential| credential.status))
    }
}

/// Connections of organisations: one for each provider at most.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IntegrationRepository: Send + Sync {
    /// Connects a provider with a credential and records the event. An earlier connection of the provider
    /// that was disconnected is replaced.
    ///
    /// `credential` is as the caller has read it. Only its id, version and status matter: with these it was
    /// found to work. MUST return `StaleVersion` when the stored version or status differs, and keep both
    /// unchanged until the connection is committed. MUST return `Ok(false)` when the organisation has no such
    /// credential of the provider of `new` (any more): a connection never outlives its credential, nor uses
    /// one of another provider. MUST return `Duplicate(Unique::Integration)` when the provider is connected,
    /// also for all but one of any number of parallel calls. In all of these cases nothing is written or
    /// recorded.
    async fn connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Ends one connection and records the event. The connection keeps who made it, and when.
    ///
    /// MUST return `Ok(false)`, and record nothing, when that connection has ended, or a later one of its
    /// provider has replaced it. The later one then stays as it is, because the event names the connection
    /// that ends.
    async fn disconnect(
        &self,
        organization: &OrganizationId,
        id: IntegrationId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// The connection of one provider, present or past.
    async fn find(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
    ) -> StoreResult<Option<ConnectedCredential>>;

    /// All connections of the organisation, in the order of their providers' ids.
    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>>;
}
