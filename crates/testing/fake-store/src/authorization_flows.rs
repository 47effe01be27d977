use async_trait::async_trait;
use strongroom_domain::oauth::{Digest, FlowId};
use strongroom_domain::{AuditEvent, AuthorizationFlow, CredentialStatus, Evidence, OrganizationId};
use strongroom_repository::{
    AuthorizationFlowRepository, CompletedFlow, FlowLimits, GrantedFlow, SealedFlow, StoreError, StoreResult,
    Unique,
};
use time::OffsetDateTime;

use crate::rows::{Flow, Rows, Stage, at_most, fit_columns, key, later, of};
use crate::{Call, FakeStore, credentials};

impl Flow {
    fn is_at(&self, stage: Stage, now: OffsetDateTime) -> bool {
        self.stage == stage && self.expires_at > now
    }
}

impl Rows {
    fn begin(&mut self, new: &SealedFlow, limits: FlowLimits, now: OffsetDateTime) -> StoreResult<()> {
        let (organization, id) = (&new.flow.organization, new.flow.id);
        let under_way = || of(&self.flows, organization).filter(|flow| flow.expires_at > now);
        let is_own = |flow: &&Flow| flow.stored.flow.initiator.actor == new.flow.initiator.actor;
        let own = under_way().filter(is_own).count();
        if under_way().count() >= at_most(limits.per_organization) || own >= at_most(limits.per_principal) {
            return Err(StoreError::QuotaExceeded);
        }
        let is_used = self.flows.values().any(|flow| flow.stored.flow.state == new.flow.state);
        if is_used || self.flows.contains_key(&key(organization, id)) {
            return Err(StoreError::Duplicate(Unique::Id));
        }
        let expires_at = later(now, AuthorizationFlow::LIFETIME);
        let flow = Flow { stored: new.clone(), stage: Stage::Begun, expires_at };
        self.flows.insert(key(organization, id), flow);
        Ok(())
    }

    /// Keeps a grant. Returns whether the flow was taken and has not expired.
    fn grant(&mut self, granted: &GrantedFlow, default_limit: u32, now: OffsetDateTime) -> StoreResult<bool> {
        let flow = self.flows.get_mut(&key(&granted.organization, granted.id));
        let Some(flow) = flow.filter(|flow| flow.is_at(Stage::Taken, now)) else { return Ok(false) };
        flow.stage = Stage::Granted;
        flow.stored.sealed = granted.sealed.clone();
        flow.stored.completion_code = Some(granted.completion_code);
        if let Some(new) = &granted.pending {
            self.add_credential(new, default_limit)?;
        }
        Ok(true)
    }

    /// Ends a flow with its credential. Returns whether its connection was written, or `None` when it cannot
    /// be completed in this way.
    fn complete(&mut self, completed: &CompletedFlow, now: OffsetDateTime) -> Option<bool> {
        let (organization, id) = (&completed.organization, completed.credential.id);
        let flow = self.flows.get(&key(organization, completed.id)).filter(|flow| {
            flow.is_at(Stage::Granted, now)
                && flow.stored.completion_code == Some(completed.completion_code)
                && flow.stored.flow.credential == id
        })?;
        let is_new = flow.stored.flow.reauthorizes.is_none();
        let stored = self.at_version(organization, id, completed.expected_version).filter(|stored| {
            stored.credential.revision == completed.expected_revision
                && (!is_new || stored.credential.status == CredentialStatus::Pending)
        })?;
        credentials::replace(stored, &completed.credential, &completed.sealed);
        self.flows.remove(&key(organization, completed.id));
        let integration = completed.integration.as_ref();
        Some(integration.is_some_and(|integration| self.write_unless_connected(integration, id)))
    }

    /// Ends a flow, with its credential if that is still pending. Returns whether there was a flow.
    fn abandon(&mut self, organization: &OrganizationId, id: FlowId) -> bool {
        let Some(flow) = self.flows.remove(&key(organization, id)) else { return false };
        let flow = flow.stored.flow;
        let made = self.credentials.get(&key(organization, flow.credential));
        let is_pending = made.is_some_and(|made| made.credential.status == CredentialStatus::Pending);
        if flow.reauthorizes.is_none() && is_pending {
            self.remove_credential(organization, flow.credential);
        }
        true
    }
}

#[async_trait]
impl AuthorizationFlowRepository for FakeStore {
    async fn begin(&self, new: &SealedFlow, limits: FlowLimits, evidence: Evidence) -> StoreResult<()> {
        self.mutate(Call::BeginFlow, evidence, |rows, now| {
            fit_columns(new.flow.reauthorizes)?;
            rows.begin(new, limits, now)?;
            Ok(true)
        })
        .await
        .map(|_| ())
    }

    async fn take(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        self.note(Call::TakeFlow, |rows, now| {
            let mut begun = rows.flows.values_mut().filter(|flow| flow.is_at(Stage::Begun, now));
            let flow = begun.find(|flow| flow.stored.flow.state == *state);
            Ok(flow.map(|flow| {
                flow.stage = Stage::Taken;
                flow.stored.clone()
            }))
        })
        .await
    }

    async fn grant(
        &self,
        granted: &GrantedFlow,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::GrantFlow, evidence, |rows, now| {
            let pending = granted.pending.as_ref().map(|pending| &pending.credential);
            fit_columns(pending.into_iter().flat_map(|pending| [pending.version, pending.revision]))?;
            rows.grant(granted, default_limit, now)
        })
        .await
    }

    async fn find_granted(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        self.read(Call::FindGranted, |state_of_store, now| {
            let mut granted =
                state_of_store.rows.flows.values().filter(|flow| flow.is_at(Stage::Granted, now));
            granted.find(|flow| flow.stored.flow.state == *state).map(|flow| flow.stored.clone())
        })
        .await
    }

    async fn complete(
        &self,
        completed: &CompletedFlow,
        evidence: Evidence,
        connected: Option<AuditEvent>,
    ) -> StoreResult<bool> {
        self.write(Call::CompleteFlow, |rows, now| {
            fit_columns([completed.credential.version, completed.credential.revision])?;
            let Some(is_connected) = rows.complete(completed, now) else { return Ok((false, Vec::new())) };
            let connected = connected.filter(|_| is_connected);
            Ok((true, evidence.events().cloned().chain(connected).collect()))
        })
        .await
    }

    async fn abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::AbandonFlow, evidence, |rows, _| Ok(rows.abandon(organization, id))).await
    }

    async fn expired(&self, limit: u32) -> StoreResult<Vec<AuthorizationFlow>> {
        self.read(Call::ExpiredFlows, |state, now| {
            let mut over: Vec<_> = state.rows.flows.values().filter(|flow| flow.expires_at <= now).collect();
            over.sort_by_key(|flow| flow.expires_at);
            over.into_iter().take(at_most(limit)).map(|flow| flow.stored.flow.clone()).collect()
        })
        .await
    }
}
