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
    /// How the connection is.
    pub fn status(&self) -> IntegrationStatus {
        IntegrationStatus::of(self.credential.as_ref().map(|credential| credential.status))
    }
}

/// Connections of organisations: one for each provider at most.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IntegrationRepository: Send + Sync {
    /// Connects a provider with a credential and records the event. What is left of an earlier connection
    /// that was disconnected is replaced.
    ///
    /// `credential` is as the caller has seen it, of which only id, version and status count: with these it
    /// was found to work. MUST return `StaleVersion` when the stored version or status is another, and keep
    /// both as they are until the connection is committed. MUST return `Ok(false)` when the organisation and
    /// the provider of `new` have no such credential (any more): a connection never outlives its credential,
    /// nor uses one of another provider. MUST return `Duplicate(Unique::Integration)` when the provider is
    /// connected, also for all but one of any number of parallel calls. In all of these cases nothing is
    /// written or recorded.
    async fn connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Ends one connection and records the event. Who connected it, and when, stays.
    ///
    /// MUST return `Ok(false)`, and record nothing, when that connection has ended or been replaced by a
    /// later one of its provider, which then stays as it is: the event names the one that ends.
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

    /// All of them in the order of their providers' ids.
    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>>;
}
