//! The error bodies of this dialect: one exhaustive match from kinds to answers.

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::{CredentialStatus, TestReport, Violation};
use strongroom_http_kit::{
    Misshape, MisshapeKind, RETRY_PROVIDER, Refusal, RefusedRequest, Schema, refused, schema_of,
    with_allowance, with_challenge, with_retry_after,
};

use crate::test_report::Report;

const ERROR: Schema = Schema { name: "IntegrationsError", json: schema_of::<Body<'_>> };
const WRONG_SHAPE: Schema = Schema { name: "WrongShape", json: schema_of::<WrongShape<'_>> };

/// What a route answers with 422 when it tests at the provider.
pub(crate) const REFUSED_OR_WRONG_SHAPE: Schema = Schema {
    name: "RefusedOrWrongShape",
    json: || json!({ "anyOf": [schema_of::<WrongShape<'_>>(), schema_of::<Body<'_>>()] }),
};

/// An error.
#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    error: Error<'a>,
    request_id: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Error<'a> {
    message: &'a str,
    #[schemars(schema_with = "codes")]
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

/// Fields that break rules, or the report of a test.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Details<'a> {
    Violations(Vec<Broken<'a>>),
    Report(Report<'a>),
}

#[derive(Serialize, JsonSchema)]
struct Broken<'a> {
    field: &'a str,
    message: String,
}

/// Places where the request has the wrong shape.
#[derive(Serialize, JsonSchema)]
struct WrongShape<'a> {
    detail: Vec<Place<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Place<'a> {
    loc: &'a [String],
    msg: String,
    r#type: String,
}

fn codes(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": [
        "bad_request", "unauthorized", "forbidden", "not_found", "conflict", "quota_exceeded",
        "authorization_pending", "reauthorization_required", "version_mismatch",
        "credential_validation_failed", "rate_limit_exceeded", "internal_error", "provider_unavailable",
        "unavailable",
    ] })
}

/// The schema of a refusal with this status.
pub(crate) fn schema(status: u16) -> Schema {
    if status == 422 { WRONG_SHAPE } else { ERROR }
}

/// Words a refusal.
pub(crate) fn refuse(refusal: &Refusal, request: &RefusedRequest<'_>) -> HttpResponse {
    let request_id = request.request_id;
    let answer = |status: u16, code: &str, message: &str| {
        let error = Error { message, code, details: None };
        refused(status).json(Body { error, request_id })
    };
    match refusal {
        Refusal::Misshapen(misshapes) => malformed(misshapes),
        Refusal::Transport(transport) => answer(transport.status(), "bad_request", transport.message()),
        Refusal::Failure(failure) => match failure {
            Failure::Unauthenticated { presented } => unauthenticated(*presented, request_id),
            Failure::Forbidden { service_accounts_only: true } => {
                answer(403, "forbidden", "Service account required")
            }
            Failure::Forbidden { .. } => answer(403, "forbidden", "Not allowed"),
            Failure::NotFound(missing) => answer(404, "not_found", not_found(*missing)),
            Failure::Invalid(violations) => invalid(violations, request_id),
            Failure::Argument(violation) => malformed(&[out_of_range(violation, request.part)]),
            Failure::Conflict(conflict) => {
                let (status, code, message) = conflicting(conflict);
                answer(status, code, message)
            }
            Failure::Rejected(report) => tested(422, "credential_validation_failed", report, request_id),
            Failure::Unusable(status) => answer(422, "credential_validation_failed", unusable(*status)),
            Failure::Upstream(report) => {
                with_retry_after(tested(502, "provider_unavailable", report, request_id), RETRY_PROVIDER)
            }
            Failure::ProviderAway { retry_after } => with_retry_after(
                answer(502, "provider_unavailable", "The provider gives no token right now; try again"),
                *retry_after,
            ),
            Failure::Limited { retry_after, allowance } => {
                let response = answer(429, "rate_limit_exceeded", "Too many requests; try again later");
                with_retry_after(with_allowance(response, allowance.as_ref()), *retry_after)
            }
            Failure::Unavailable { retry_after } => with_retry_after(
                answer(503, "unavailable", "Temporarily unavailable; try again"),
                *retry_after,
            ),
            Failure::Internal => answer(500, "internal_error", "Internal error"),
        },
    }
}

/// A test that stands in the way of storing, with its report.
fn tested(status: u16, code: &str, report: &TestReport, request_id: &str) -> HttpResponse {
    let details = Some(Details::Report(Report::from(report)));
    refused(status).json(Body { error: Error { message: &report.message, code, details }, request_id })
}

fn unauthenticated(presented: bool, request_id: &str) -> HttpResponse {
    let message = if presented { "Invalid authentication token" } else { "Authentication required" };
    let error = Error { message, code: "unauthorized", details: None };
    with_challenge(refused(401).json(Body { error, request_id }))
}

const fn not_found(missing: Missing) -> &'static str {
    match missing {
        Missing::Credential => "Credential not found",
        Missing::Provider => "Provider not found",
        Missing::Integration => "Integration not found",
        Missing::ServiceAccount => "Service account not found",
        Missing::ApiKey => "API key not found",
        Missing::OauthApp => "OAuth app not found",
        Missing::Route => "Not found",
    }
}

const fn unusable(status: CredentialStatus) -> &'static str {
    match status {
        CredentialStatus::Rejected => "The provider refused the credential",
        CredentialStatus::NeedsReauth => "The grant has ended; authorise the credential again",
        CredentialStatus::Pending | CredentialStatus::Unverified | CredentialStatus::Validated => {
            "The credential cannot be used"
        }
    }
}

const fn conflicting(conflict: &Conflict) -> (u16, &'static str, &'static str) {
    match conflict {
        Conflict::SlotTaken(_) => (409, "conflict", "The slot is held by another credential"),
        Conflict::AlreadyConnected => (409, "conflict", "The provider is connected already"),
        Conflict::OauthAppExists => {
            (409, "conflict", "The organisation has an OAuth app for this provider; replace its secret")
        }
        Conflict::QuotaExceeded => {
            (409, "quota_exceeded", "The organisation holds as many credentials of this provider as it may")
        }
        Conflict::AuthorizationPending => (409, "authorization_pending", "The authorisation is not complete"),
        Conflict::ReauthorizationRequired => {
            (409, "reauthorization_required", "The grant has ended; authorise the credential again")
        }
        Conflict::CredentialChanged => {
            (409, "conflict", "The credential was edited while it was authorised again; begin anew")
        }
        Conflict::StaleRevision => (412, "version_mismatch", "The credential has another revision by now"),
    }
}

fn invalid(violations: &[Violation], request_id: &str) -> HttpResponse {
    let broken = violations
        .iter()
        .map(|violation| Broken { field: &violation.field, message: violation.rule.to_string() });
    let details = Some(Details::Violations(broken.collect()));
    let error = Error { message: "The request is invalid", code: "bad_request", details };
    refused(400).json(Body { error, request_id })
}

fn out_of_range(violation: &Violation, part: &str) -> Misshape {
    let location = vec![part.to_owned(), violation.field.clone()];
    Misshape { location, kind: MisshapeKind::WrongValue(violation.rule.to_string()) }
}

fn malformed<'a>(misshapes: &'a [Misshape]) -> HttpResponse {
    let place = |misshape: &'a Misshape| {
        let (r#type, msg) = misshaped(&misshape.kind);
        Place { loc: &misshape.location, msg, r#type }
    };
    refused(422).json(WrongShape { detail: misshapes.iter().map(place).collect() })
}

fn misshaped(kind: &MisshapeKind) -> (String, String) {
    let (code, message) = match kind {
        MisshapeKind::Missing => ("missing", "Field required".to_owned()),
        MisshapeKind::Unknown => ("extra_forbidden", "Field not known here".to_owned()),
        MisshapeKind::Repeated => ("repeated", "Must be given once".to_owned()),
        MisshapeKind::WrongType(expected) => {
            return (format!("{expected}_type"), format!("Must be of type {expected}"));
        }
        MisshapeKind::WrongValue(rule) => ("value_error", capitalised(rule)),
        MisshapeKind::NotJson(rule) => ("json_invalid", capitalised(rule)),
    };
    (code.to_owned(), message)
}

fn capitalised(rule: &str) -> String {
    let mut chars = rule.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
