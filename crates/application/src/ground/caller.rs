//! The callers of use cases.

use std::collections::BTreeSet;

use strongroom_domain::audit::Origin;
use strongroom_domain::{
    Action, Actor, AuditEvent, Operation, OrganizationId, Outcome, Principal, Role, UserId,
};

use super::Standing;
use crate::Failure;

/// A principal, and the request that it sends.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The principal that calls.
    pub principal: Principal,
    /// Its name in the audit trail.
    pub actor: Actor,
    /// The request that it sends.
    pub origin: Origin,
    /// What it was authenticated with; absent for a caller that an embedding program has authenticated.
    pub(crate) standing: Option<Standing>,
    /// The roles of its token that are none here, as the token names them.
    other_roles: Vec<String>,
}

impl Caller {
    /// A principal with a request.
    pub fn new(principal: Principal, origin: Origin) -> Self {
        Self { actor: principal.actor(), principal, origin, standing: None, other_roles: Vec::new() }
    }

    /// A principal that was authenticated here.
    pub(crate) fn authenticated(principal: Principal, origin: Origin, standing: Standing) -> Self {
        Self { standing: Some(standing), ..Self::new(principal, origin) }
    }

    /// Adds the roles of its token that are none here.
    pub(crate) fn with_other_roles(self, other_roles: Vec<String>) -> Self {
        Self { other_roles, ..self }
    }

    /// An event of a refusal, which says by what the caller was judged: its roles, or its scopes, and the
    /// roles of its token that are none here.
    pub(crate) fn denied(&self, operation: Operation) -> AuditEvent {
        let event =
            self.event(Action::AccessDenied, Outcome::Denied).detail("operation", format!("{operation:?}"));
        let listed = |names: Vec<&str>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let event = match &self.principal {
            Principal::User { roles, .. } => {
                event.detail("roles", listed(roles.iter().map(|role| role.as_str()).collect()))
            }
            Principal::ServiceAccount { scopes, .. } => {
                event.detail("scopes", listed(scopes.iter().map(|scope| scope.as_str()).collect()))
            }
        };
        match self.other_roles.is_empty() {
            true => event,
            false => event.detail("other_roles", self.other_roles.join(", ")),
        }
    }

    /// The organisation that all operations of the caller stay within.
    pub fn organization(&self) -> &OrganizationId {
        self.principal.organization()
    }

    /// An event of this caller in its organisation's chain.
    pub(crate) fn event(&self, action: Action, outcome: Outcome) -> AuditEvent {
        AuditEvent::new(self.organization().clone(), action, outcome, self.actor.clone(), self.origin.clone())
    }
}

/// The operator at the command line of the host, who has an admin's permissions in one organisation and may
/// also do operations that the permission table does not contain.
#[derive(Debug, Clone)]
pub struct Operator(Caller);

impl Operator {
    /// The operator at work on one organisation. Only the command line makes one: no request can authenticate
    /// as the operator.
    pub fn of(organization: OrganizationId) -> Result<Self, Failure> {
        let user = UserId::parse("operator").map_err(|_| Failure::Internal)?;
        let roles = BTreeSet::from([Role::Admin]);
        let principal = Principal::User { organization, issuer: None, user, roles };
        Ok(Self(Caller { actor: Actor::system("cli"), ..Caller::new(principal, Origin::default()) }))
    }

    /// The operator as a caller of use cases.
    pub fn caller(&self) -> &Caller {
        &self.0
    }
}
