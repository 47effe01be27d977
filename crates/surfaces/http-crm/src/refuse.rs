//! The error bodies of this dialect: one exhaustive match from kinds to sentences.

use std::borrow::Cow;

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::{Slot, Violation};
use strongroom_http_kit::{Misshape, MisshapeKind, Refusal, RefusedRequest, Schema};

/// The schema of the error body in the OpenAPI document.
pub(crate) const ERROR: Schema = Schema { name: "CrmError", json: schema };

/// Words a refusal.
pub(crate) fn refuse(refusal: &Refusal, request: &RefusedRequest<'_>) -> HttpResponse {
    refusal.answer(&json!({ "detail": sentence(refusal, request) }))
}

/// The sentence that clients of this dialect know, else the sentence of the kit.
fn sentence<'a>(refusal: &'a Refusal, request: &RefusedRequest<'_>) -> Cow<'a, str> {
    match refusal {
        Refusal::Misshapen(misshapes) => malformed(misshapes).into(),
        Refusal::Failure(failure) => match failure {
            Failure::Unauthenticated { .. } => "Invalid or missing authentication credentials".into(),
            Failure::Forbidden { .. } => "You do not have permission to access this resource".into(),
            Failure::NotFound(missing) => not_found(*missing, request).into(),
            Failure::Invalid(violations) => invalid(violations).into(),
            Failure::Argument(violation) => invalid(std::slice::from_ref(violation)).into(),
            Failure::Conflict(Conflict::SlotTaken(slot)) => taken(slot).into(),
            _ => refusal.sentence(),
        },
        Refusal::Transport(_) => refusal.sentence(),
    }
}

/// Names a missing credential as the path does.
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

fn taken(slot: &Slot) -> String {
    let provider = slot.as_str().strip_prefix(Slot::CRM).unwrap_or(slot.as_str());
    format!("Integration credentials for provider '{provider}' already exist")
}

/// Tells the first violation only, because clients of this dialect expect one sentence.
fn invalid(violations: &[Violation]) -> String {
    let Some(Violation { field, rule }) = violations.first() else {
        return "Validation error: the request is invalid".to_owned();
    };
    let noun = if rule.asks_for_a_value() { "field " } else { "" };
    format!("Validation error: {field} {noun}{rule}")
}

/// Tells the first misshape only, because clients of this dialect expect one sentence.
fn malformed(misshapes: &[Misshape]) -> String {
    let Some(Misshape { location, kind }) = misshapes.first() else { return invalid(&[]) };
    let place = location.last().map_or("body", String::as_str);
    match kind {
        MisshapeKind::Missing => format!("Validation error: {place} field is required"),
        MisshapeKind::Unknown => format!("Validation error: {place} is not a known field"),
        MisshapeKind::WrongType(expected) => {
            let article = if expected.starts_with(['i', 'o']) { "an" } else { "a" };
            format!("Validation error: {place} must be {article} {expected}")
        }
        other => format!("Validation error: {place} {other}"),
    }
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
            (Rule::REQUIRED, "Validation error: dsn field is required"),
            (
                Rule::missing("is required when x changes"),
                "Validation error: dsn field is required when x changes",
            ),
            (Rule::fixed("must be a URL"), "Validation error: dsn must be a URL"),
        ];
        for (rule, sentence) in told {
            assert_eq!(invalid(&[rule.on("dsn"), Rule::fixed("is odd").on("x")]), sentence);
        }
        let missing = Misshape::body("dsn", MisshapeKind::Missing);
        assert_eq!(malformed(&[missing]), "Validation error: dsn field is required");
    }
}
