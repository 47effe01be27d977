use async_trait::async_trait;
use strongroom_domain::oauth::{Digest, FlowId};
use strongroom_domain::{
    AuditEvent, AuthorizationFlow, Credential, Evidence, Integration, OrganizationId, Sealed,
};

use crate::{SealedCredential, StoreResult};

/// A flow together with the payload that is sealed beside it. The payload is the PKCE verifier until the
/// provider has granted. After that it is the new payload of a credential that is authorised again.
#[derive(Debug, Clone)]
pub struct SealedFlow {
    /// The flow.
    pub flow: AuthorizationFlow,
    /// The payload, which only the vault opens.
    pub sealed: Sealed,
    /// Digest of the code that completes the flow; set once the provider has granted.
    pub completion_code: Option<Digest>,
}

/// The change of a flow when its provider has granted.
#[derive(Debug, Clone)]
pub struct GrantedFlow {
    /// The organisation that owns the flow.
    pub organization: OrganizationId,
    /// The flow.
    pub id: FlowId,
    /// Digest of the code that completes it.
    pub completion_code: Digest,
    /// The pending credential of a new grant; it is stored and counted against the quota. Its provider is the
    /// one of the flow.
    pub pending: Option<SealedCredential>,
    /// The payload that is sealed beside the flow from now on.
    pub sealed: Sealed,
}

/// The change that completes a flow.
#[derive(Debug, Clone)]
pub struct CompletedFlow {
    /// The organisation that owns the flow.
    pub organization: OrganizationId,
    /// The flow.
    pub id: FlowId,
    /// Digest of the code that was presented.
    pub completion_code: Digest,
    /// The credential as it is from now on.
    pub credential: Credential,
    /// Its payload, sealed for the credential as it is from now on.
    pub sealed: Sealed,
    /// The version that it had until now.
    pub expected_version: u64,
    /// The revision that it had until now.
    pub expected_revision: u64,
    /// The connection that is made with the credential. When the provider is connected already, that
    /// connection stays and this one is not written.
    pub integration: Option<Integration>,
}

/// How many flows may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowLimits {
    /// Of one organisation.
    pub per_organization: u32,
    /// Of one principal, by its name in the audit trail.
    pub per_principal: u32,
}

/// Authorizations that are under way. Every flow ends [`AuthorizationFlow::LIFETIME`] after it was begun, by
/// the store's own clock. A flow that has ended exists only for [`Self::expired`] and [`Self::abandon`].
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuthorizationFlowRepository: Send + Sync {
    /// Stores a flow, with the digest of its state as the way to find it, and records the event.
    ///
    /// MUST return `QuotaExceeded` when the organisation, or the principal that begins the flow, has as many
    /// flows under way as `limits` says.
    async fn begin(&self, new: &SealedFlow, limits: FlowLimits, evidence: Evidence) -> StoreResult<()>;

    /// Takes a flow for its one callback, by the digest of its state alone.
    ///
    /// MUST be atomic over all processes: of any number of calls with one state exactly one gets the flow.
    /// Returns `Ok(None)` when the state is unknown, was used, or has ended. The call carries no event,
    /// because the result of the callback has one.
    async fn take(&self, state: &Digest) -> StoreResult<Option<SealedFlow>>;

    /// Stores what a provider has granted and records the event. From now on the flow waits for its
    /// completion. A new credential is stored with the status `pending` and counted against the quota as in
    /// [`CredentialRepository::insert`](crate::CredentialRepository::insert).
    ///
    /// MUST return `Ok(false)`, and write and record nothing, when the flow was not taken, or has ended.
    async fn grant(&self, granted: &GrantedFlow, default_limit: u32, evidence: Evidence)
    -> StoreResult<bool>;

    /// A flow that waits for its completion, by the digest of its state.
    async fn find_granted(&self, state: &Digest) -> StoreResult<Option<SealedFlow>>;

    /// Completes a flow: its credential and its connection become what `completed` says, and the events are
    /// recorded. `connected` is recorded only when the connection is written.
    ///
    /// MUST write only when the flow waits with this completion code, and the credential has the expected
    /// version and revision, and, for a new one, the status `pending`. Otherwise MUST return `Ok(false)`, and
    /// write and record nothing. Of any number of parallel calls all but one MUST return `Ok(false)`.
    async fn complete(
        &self,
        completed: &CompletedFlow,
        evidence: Evidence,
        connected: Option<AuditEvent>,
    ) -> StoreResult<bool>;

    /// Ends a flow without a credential, whatever its state is: its pending credential is removed, its place
    /// in the quota is given back, and the event is recorded. Returns `Ok(false)`, and records nothing, when
    /// there is no such flow.
    async fn abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Flows of all organisations that have ended, at most `limit`, oldest first; for maintenance, which
    /// abandons them. A flow that cannot be read is logged and left out, so that it does not block the
    /// others.
    async fn expired(&self, limit: u32) -> StoreResult<Vec<AuthorizationFlow>>;
}
