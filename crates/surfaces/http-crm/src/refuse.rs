//! The error bodies of this dialect: one exhaustive match from kinds to sentences.

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::{Slot, Violation};
use strongroom_http_kit::{
    Misshape, MisshapeKind, RETRY_PROVIDER, Refusal, RefusedRequest, Schema, refused, with_allowance,
    with_challenge, with_retry_after,
};

/// The error body in the OpenAPI document.
pub(crate) const ERROR: Schema = Schema { name: "CrmError", json: schema };

/// Words a refusal.
pub(crate) fn refuse(refusal: &Refusal, request: &RefusedRequest<'_>) -> HttpResponse {
    match refusal {
        Refusal::Misshapen(misshapes) => answer(400, &malformed(misshapes)),
        Refusal::Transport(transport) => answer(transport.status(), transport.message()),
        Refusal::Failure(failure) => match failure {
            Failure::Unauthenticated { .. } => {
                with_challenge(answer(401, "Invalid or missing authentication credentials"))
            }
            Failure::Forbidden { .. } => answer(403, "You do not have permission to access this resource"),
            Failure::NotFound(missing) => answer(404, &not_found(*missing, request)),
            Failure::Invalid(violations) => answer(400, &invalid(violations)),
            Failure::Argument(violation) => answer(400, &invalid(std::slice::from_ref(violation))),
            Failure::Conflict(conflict) => conflicting(conflict),
            Failure::Rejected(report) => answer(422, &report.message),
            Failure::Unusable(_) => answer(422, "The credential does not work; test it, or store a new one"),
            Failure::Upstream(report) => with_retry_after(answer(502, &report.message), RETRY_PROVIDER),
            Failure::ProviderAway { retry_after } => with_retry_after(
                answer(502, "The provider gives no token right now; try again"),
                *retry_after,
            ),
            Failure::Limited { retry_after, allowance } => {
                let response = answer(429, "Too many requests; try again later");
                with_retry_after(with_allowance(response, allowance.as_ref()), *retry_after)
            }
            Failure::Unavailable { retry_after } => {
                with_retry_after(answer(503, "Temporarily unavailable; try again"), *retry_after)
            }
            Failure::Internal => answer(500, "Internal error"),
        },
    }
}

fn answer(status: u16, detail: &str) -> HttpResponse {
    refused(status).json(json!({ "detail": detail }))
}

/// A credential is missing under the name by which the path asked for it.
fn not_found(missing: Missing, request: &RefusedRequest<'_>) -> String {
    let (provider, id) = (request.path("provider"), request.path("credential_id"));
    match missing {
        Missing::Credential if !provider.is_empty() => {
            format!("Integration credentials for provider '{provider}' not found")
        }
        Missing::Credential if !id.is_empty() => format!("Integration credentials {id} not found"),
        Missing::Credential
        | Missing::Provider
        | Missing::Integration
        | Missing::ServiceAccount
        | Missing::ApiKey
        | Missing::OauthApp
        | Missing::Route => "Not found".to_owned(),
    }
}

fn conflicting(conflict: &Conflict) -> HttpResponse {
    match conflict {
        Conflict::SlotTaken(slot) => answer(409, &taken(slot)),
        Conflict::OauthAppExists => answer(409, "The organisation has an OAuth app for this provider"),
        Conflict::AlreadyConnected => answer(409, "The provider is connected already"),
        Conflict::QuotaExceeded => {
            answer(409, "The organisation holds as many credentials of this provider as it may")
        }
        Conflict::AuthorizationPending => answer(409, "The authorisation is not complete"),
        Conflict::ReauthorizationRequired => {
            answer(409, "The grant has ended; authorise the credential again")
        }
        Conflict::CredentialChanged => {
            answer(409, "The credential was edited while it was authorised again; begin anew")
        }
        Conflict::StaleRevision => answer(412, "The credential has another revision by now"),
    }
}

fn taken(slot: &Slot) -> String {
    let provider = slot.as_str().strip_prefix(Slot::CRM).unwrap_or(slot.as_str());
    format!("Integration credentials for provider '{provider}' already exist")
}

/// Clients of this dialect expect one sentence, so that only the first problem is told.
fn invalid(violations: &[Violation]) -> String {
    let Some(Violation { field, rule }) = violations.first() else {
        return "Validation error: the request is invalid".to_owned();
    };
    let noun = if rule.asks_for_a_value() { "field " } else { "" };
    format!("Validation error: {field} {noun}{rule}")
}

/// The same for wrong shapes.
fn malformed(misshapes: &[Misshape]) -> String {
    let Some(Misshape { location, kind }) = misshapes.first() else { return invalid(&[]) };
    let place = location.last().map_or("body", String::as_str);
    let problem = match kind {
        MisshapeKind::Missing => "field is required",
        MisshapeKind::Unknown => "is not a known field",
        MisshapeKind::Repeated => "must be given once",
        MisshapeKind::WrongType(expected) => {
            let article = if expected.starts_with(['i', 'o']) { "an" } else { "a" };
            return format!("Validation error: {place} must be {article} {expected}");
        }
        MisshapeKind::WrongValue(rule) | MisshapeKind::NotJson(rule) => rule,
    };
    format!("Validation error: {place} {problem}")
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "detail": { "type": "string" } },
        "required": ["detail"],
    })
}

#[cfg(test)]
mod tests {
    use strongroom_domain::Rule;

    use super::*;

    #[test]
    fn what_is_missing_is_a_field_that_is_required_and_other_rules_stand_as_they_are() {
        let told = [
            ("is required", "Validation error: dsn field is required"),
            ("is required when x changes", "Validation error: dsn field is required when x changes"),
            ("must be a URL", "Validation error: dsn must be a URL"),
        ];
        for (rule, sentence) in told {
            assert_eq!(invalid(&[Rule::fixed(rule).on("dsn"), Rule::fixed("is odd").on("x")]), sentence);
        }
        let missing = Misshape::body("dsn", MisshapeKind::Missing);
        assert_eq!(malformed(&[missing]), "Validation error: dsn field is required");
    }
}
