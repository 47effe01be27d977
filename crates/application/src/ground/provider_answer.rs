use strongroom_authorization_server::ErrorAnswer;
use strongroom_domain::AuditEvent;

/// Adds what a provider has answered: its status, and its error code.
pub(crate) fn with_answer(event: AuditEvent, answer: Option<&ErrorAnswer>) -> AuditEvent {
    let Some(answer) = answer else { return event };
    let event = event.detail("provider_status", answer.status.to_string());
    match &answer.code {
        Some(code) => event.detail("provider_code", code.as_ref()),
        None => event,
    }
}
