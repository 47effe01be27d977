//! Audit events of flows.

use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, Actor, AuditEvent, AuthorizationFlow, Outcome};

/// Adds the flow's provider, credential and app to an event.
pub(crate) fn of_flow(mut event: AuditEvent, flow: &AuthorizationFlow) -> AuditEvent {
    event.provider = Some(flow.provider.clone());
    event.credential = Some(flow.credential);
    event.target = flow.app.map(|app| app.to_string());
    match flow.reauthorizes {
        Some(_) => event.detail("reauthorizes", "true"),
        None => event,
    }
}

/// An event of a flow that was caused by a browser and not by a principal.
pub(crate) fn flow_event(
    flow: &AuthorizationFlow,
    origin: &Origin,
    action: Action,
    outcome: Outcome,
) -> AuditEvent {
    let actor = Actor::system("authorization");
    let event = AuditEvent::new(flow.organization.clone(), action, outcome, actor, origin.clone());
    let event = of_flow(event, flow).detail("begun_by", flow.initiator.actor.as_str());
    match flow.initiator.actor.issuer() {
        Some(issuer) => event.detail("begun_by_issuer", issuer.as_str()),
        None => event,
    }
}
