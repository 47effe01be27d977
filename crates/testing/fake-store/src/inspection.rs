//! What a test looks at and lays out: past the ports, so that no fault meets it and nothing of it is counted.

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
    /// What is on record of an organisation, oldest first.
    pub fn records(&self, organization: &OrganizationId) -> Vec<AuditRecord> {
        self.locked(|state, _| state.chains.records(organization).to_vec())
    }

    /// The events on record of an organisation, oldest first.
    pub fn events(&self, organization: &OrganizationId) -> Vec<AuditEvent> {
        self.records(organization).into_iter().map(|record| record.event).collect()
    }

    /// What has happened in an organisation, oldest first.
    pub fn actions(&self, organization: &OrganizationId) -> Vec<Action> {
        self.events(organization).iter().map(|event| event.action).collect()
    }

    /// A stored credential, of whichever organisation.
    pub fn credential(&self, id: CredentialId) -> Option<Credential> {
        self.stored(id).map(|stored| stored.credential)
    }

    /// The sealed payload of a stored credential, of whichever organisation.
    pub fn sealed(&self, id: CredentialId) -> Option<Sealed> {
        self.stored(id).map(|stored| stored.sealed)
    }

    /// A stored flow, over or not, of whichever organisation.
    pub fn flow(&self, id: FlowId) -> Option<AuthorizationFlow> {
        self.locked(|state, _| {
            let mut flows = state.rows.flows.values().map(|flow| &flow.stored.flow);
            flows.find(|flow| flow.id == id).cloned()
        })
    }

    /// Who has the lease of a credential's refresh now.
    pub fn lease_holder(&self, id: CredentialId) -> Option<Uuid> {
        self.locked(|state, now| {
            let mut attempts = state.rows.attempts.iter().filter(|((_, credential), _)| *credential == id);
            let (_, attempts) = attempts.find(|(_, attempts)| attempts.is_held(now))?;
            attempts.owner
        })
    }

    /// How often this instance called a method, the calls that failed included.
    pub fn calls(&self, call: Call) -> usize {
        self.history().into_iter().filter(|one| *one == call).count()
    }

    /// Every call of this instance, in the order in which they came.
    pub fn history(&self) -> Vec<Call> {
        self.faults().history()
    }

    /// Lays a credential down as if it had been there for ever: without an event, and whatever the quota. One
    /// with the same id is replaced.
    pub fn put(&self, stored: SealedCredential) {
        let key = key(&stored.credential.organization, stored.credential.id);
        self.locked(|state, _| state.rows.credentials.insert(key, stored));
    }

    /// Edits the row of a credential behind the service's back, as somebody with the database does; whether
    /// there is one.
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
