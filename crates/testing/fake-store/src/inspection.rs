//! What a test reads and writes directly, past the ports. No fault applies to it and no call is counted.

use strongroom_domain::audit::AuditRecord;
use strongroom_domain::oauth::FlowId;
use strongroom_domain::{
    Action, AuditEvent, AuthorizationFlow, Credential, CredentialId, OrganizationId, Sealed,
};
use strongroom_repository::SealedCredential;
use uuid::Uuid;

use crate::rows::key;
use crate::{Call, FakeStore};

impl FakeStore {
    /// The audit records of an organisation, oldest first.
    pub fn records(&self, organization: &OrganizationId) -> Vec<AuditRecord> {
        self.locked(|state, _| state.chains.records(organization).to_vec())
    }

    /// The audit events of an organisation, oldest first.
    pub fn events(&self, organization: &OrganizationId) -> Vec<AuditEvent> {
        self.records(organization).into_iter().map(|record| record.event).collect()
    }

    /// The actions in the audit records of an organisation, oldest first.
    pub fn actions(&self, organization: &OrganizationId) -> Vec<Action> {
        self.events(organization).iter().map(|event| event.action).collect()
    }

    /// A stored credential of any organisation.
    pub fn credential(&self, id: CredentialId) -> Option<Credential> {
        self.stored(id).map(|stored| stored.credential)
    }

    /// The sealed payload of a stored credential of any organisation.
    pub fn sealed(&self, id: CredentialId) -> Option<Sealed> {
        self.stored(id).map(|stored| stored.sealed)
    }

    /// A stored flow of any organisation, expired or not.
    pub fn flow(&self, id: FlowId) -> Option<AuthorizationFlow> {
        self.locked(|state, _| {
            let mut flows = state.rows.flows.values().map(|flow| &flow.stored.flow);
            flows.find(|flow| flow.id == id).cloned()
        })
    }

    /// The current owner of the lease of a credential's refresh.
    pub fn lease_holder(&self, id: CredentialId) -> Option<Uuid> {
        self.locked(|state, now| {
            let mut attempts = state.rows.attempts.iter().filter(|((_, credential), _)| *credential == id);
            let (_, attempts) = attempts.find(|(_, attempts)| attempts.is_held(now))?;
            attempts.owner
        })
    }

    /// How often this instance called a method, with the calls that failed.
    pub fn calls(&self, call: Call) -> usize {
        self.history().into_iter().filter(|one| *one == call).count()
    }

    /// Every call of this instance, in order.
    pub fn history(&self) -> Vec<Call> {
        self.faults().history()
    }

    /// Stores a credential directly, as if it had always been there: without an event, and without regard to
    /// the quota. It replaces one with the same id.
    pub fn put(&self, stored: SealedCredential) {
        let key = key(&stored.credential.organization, stored.credential.id);
        self.locked(|state, _| state.rows.credentials.insert(key, stored));
    }

    /// Edits the row of a credential directly, as an attacker with access to the database could. Returns
    /// whether there is such a row.
    pub fn tamper(&self, id: CredentialId, edit: impl FnOnce(&mut SealedCredential)) -> bool {
        self.locked(|state, _| {
            let mut credentials = state.rows.credentials.values_mut();
            let stored = credentials.find(|stored| stored.credential.id == id);
            stored.map(edit).is_some()
        })
    }

    fn stored(&self, id: CredentialId) -> Option<SealedCredential> {
        self.locked(|state, _| {
            let mut credentials = state.rows.credentials.values();
            credentials.find(|stored| stored.credential.id == id).cloned()
        })
    }
}
