//! Audit events of flows.

use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, Actor, AuditEvent, AuthorizationFlow, Outcome};

/// Names the flow's provider and credential.
pub(crate) fn of_flow(mut event: AuditEvent, flow: &AuthorizationFlow) -> AuditEvent {
    event.provider = Some(flow.provider.clone());
    event.credential = Some(flow.credential);
    event.target = flow.app.map(|app| app.to_string());
    match flow.reauthorizes {
        Some(_) => event.detail("reauthorizes", "true"),
        None => event,
    }
}

/// An event of a flow that no principal stands behind: a browser did it.
pub(crate) fn flow_event(
    flow: &AuthorizationFlow,
    origin: &Origin,
    action: Action,
    outcome: Outcome,
) -> AuditEvent {
    let actor = Actor::system("authorization");
    let event = AuditEvent::new(flow.organization.clone(), action, outcome, actor, origin.clone());
    of_flow(event, flow).detail("begun_by", flow.initiator.actor.as_str())
}
