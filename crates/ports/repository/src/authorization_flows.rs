use async_trait::async_trait;
use strongroom_domain::oauth::{Digest, FlowId};
use strongroom_domain::{
    AuditEvent, AuthorizationFlow, Credential, Evidence, Integration, OrganizationId, Sealed,
};

use crate::{SealedCredential, StoreResult};

/// A flow together with what is sealed beside it: the PKCE verifier until the provider has granted, then for
/// a credential that is authorised again its new payload.
#[derive(Debug, Clone)]
pub struct SealedFlow {
    /// The flow.
    pub flow: AuthorizationFlow,
    /// What only the vault opens.
    pub sealed: Sealed,
    /// Digest of the code that completes it; there once the provider has granted.
    pub completion_code: Option<Digest>,
}

/// What a provider's grant makes of a flow.
#[derive(Debug, Clone)]
pub struct GrantedFlow {
    /// The organisation that owns the flow.
    pub organization: OrganizationId,
    /// The flow.
    pub id: FlowId,
    /// Digest of the code that completes it.
    pub completion_code: Digest,
    /// The pending credential of a new grant; it is stored and counted against the quota.
    pub pending: Option<SealedCredential>,
    /// What is sealed beside the flow from now on.
    pub sealed: Sealed,
}

/// What completes a flow.
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
    /// Its new payload, when it was authorised again.
    pub sealed: Option<Sealed>,
    /// The version that it had until now.
    pub expected_version: u64,
    /// The revision that it had until now.
    pub expected_revision: u64,
    /// The connection that comes with it. One of its provider that is there already stays, with this one left
    /// out.
    pub integration: Option<Integration>,
}

/// Authorizations that are under way. Every flow is over [`AuthorizationFlow::LIFETIME`] after it was begun,
/// by the store's own clock; one that is over is not there for any method but [`Self::expired`] and
/// [`Self::abandon`].
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuthorizationFlowRepository: Send + Sync {
    /// Stores a flow, with the digest of its state as the way to find it, and records the event.
    ///
    /// MUST return `QuotaExceeded` when the organisation has `limit` flows under way.
    async fn begin(&self, new: &SealedFlow, limit: u32, evidence: Evidence) -> StoreResult<()>;

    /// Takes a flow for its one callback, by the digest of its state alone.
    ///
    /// MUST be atomic over all processes: of any number of calls with one state one gets the flow. `Ok(None)`
    /// when the state is unknown, was used, or is over. Carries no event: what comes of the callback has one.
    async fn take(&self, state: &Digest) -> StoreResult<Option<SealedFlow>>;

    /// Keeps what a provider has granted and records the event: the flow waits for its completion now, and a
    /// new credential is stored with the status `pending`, counted against the quota as in
    /// [`CredentialRepository::insert`](crate::CredentialRepository::insert).
    ///
    /// MUST return `Ok(false)`, and write and record nothing, when the flow was not taken, or is over.
    async fn grant(&self, granted: &GrantedFlow, default_limit: u32, evidence: Evidence)
    -> StoreResult<bool>;

    /// A flow that waits for its completion, by the digest of its state.
    async fn find_granted(&self, state: &Digest) -> StoreResult<Option<SealedFlow>>;

    /// Ends a flow: its credential becomes what `completed` says, with its connection, and the events are
    /// recorded; `connected` only when the connection is written.
    ///
    /// MUST write only when the flow waits with this completion code, and the credential has the expected
    /// version and revision, and, for a new one, the status `pending`. MUST return `Ok(false)`, and write and
    /// record nothing, otherwise; so also for all but one of any number of parallel calls.
    async fn complete(
        &self,
        completed: &CompletedFlow,
        evidence: Evidence,
        connected: Option<AuditEvent>,
    ) -> StoreResult<bool>;

    /// Ends a flow, whatever its state, without a credential: its pending credential is removed and its place
    /// in the quota given back, and the event is recorded. `Ok(false)` when there is none, and nothing
    /// recorded.
    async fn abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: Evidence,
    ) -> StoreResult<bool>;

    /// Flows of all organisations that are over, at most `limit`, oldest first; for maintenance, which
    /// abandons them. One that cannot be read is logged and left out, so that it keeps no other from ending.
    async fn expired(&self, limit: u32) -> StoreResult<Vec<AuthorizationFlow>>;
}
