//! Who calls a use case, and whether the permission table lets them.

use std::collections::BTreeSet;

use strongroom_domain::audit::Origin;
use strongroom_domain::{
    Action, Actor, AuditEvent, Operation, OrganizationId, Outcome, Principal, Role, UserId, permitted,
};

use crate::{Application, Failure};

/// A principal, and the request that it makes.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who is asking.
    pub principal: Principal,
    /// Its name in the audit trail.
    pub actor: Actor,
    /// The request.
    pub origin: Origin,
}

impl Caller {
    /// A principal with a request.
    pub fn new(principal: Principal, origin: Origin) -> Self {
        Self { actor: principal.actor(), principal, origin }
    }

    /// The operator at the command line of the host, with an admin's permissions in one organisation.
    pub fn operator(organization: OrganizationId) -> Result<Self, Failure> {
        let user = UserId::parse("operator").map_err(|_| Failure::Internal)?;
        let principal = Principal::User { organization, user, roles: BTreeSet::from([Role::Admin]) };
        Ok(Self { principal, actor: Actor::system("cli"), origin: Origin::default() })
    }

    /// The organisation that everything stays within.
    pub fn organization(&self) -> &OrganizationId {
        self.principal.organization()
    }

    /// An event of this caller in its organisation's chain.
    pub(crate) fn event(&self, action: Action, outcome: Outcome) -> AuditEvent {
        AuditEvent::new(self.organization().clone(), action, outcome, self.actor.clone(), self.origin.clone())
    }
}

impl Application {
    /// Decides whether the table allows the caller this operation, and puts a refusal on record.
    ///
    /// Every use case asks; a surface may ask before it reads a body, so that a refusal comes first.
    pub fn permit(&self, caller: &Caller, operation: Operation) -> Result<(), Failure> {
        if permitted(&caller.principal, operation) {
            return Ok(());
        }
        Err(self.deny(caller, operation))
    }

    /// Puts a refusal on record.
    pub(crate) fn deny(&self, caller: &Caller, operation: Operation) -> Failure {
        let event =
            caller.event(Action::AccessDenied, Outcome::Denied).detail("operation", format!("{operation:?}"));
        self.denials.record(event, &self.audit_writer);
        Failure::Forbidden { service_accounts_only: operation == Operation::ReadSecrets }
    }
}
