//! The error bodies of this dialect: one exhaustive match from kinds to codes.

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{Conflict, Failure};
use strongroom_domain::Violation;
use strongroom_http_kit::{Misshape, MisshapeKind, Refusal, RefusedRequest, Schema, schema_of};

use crate::test_report::Report;

const ERROR: Schema = Schema { name: "IntegrationsError", json: schema_of::<ErrorBody<'_>> };
const WRONG_SHAPE: Schema = Schema { name: "WrongShape", json: schema_of::<WrongShape<'_>> };

/// The body of a 422 by a route that tests a credential at its provider.
pub(crate) const REFUSED_OR_WRONG_SHAPE: Schema = Schema {
    name: "RefusedOrWrongShape",
    json: || json!({ "anyOf": [schema_of::<WrongShape<'_>>(), schema_of::<ErrorBody<'_>>()] }),
};

/// The body of a refusal.
#[derive(Serialize, JsonSchema)]
struct ErrorBody<'a> {
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
    let details = match refusal {
        Refusal::Misshapen(misshapes) => return wrong_shape(misshapes),
        Refusal::Failure(Failure::Argument(violation)) => {
            return wrong_shape(&[Misshape::of_argument(request.part, violation)]);
        }
        Refusal::Failure(Failure::Invalid(violations)) => {
            Some(Details::Violations(violations.iter().map(Broken::from).collect()))
        }
        Refusal::Failure(Failure::Rejected(report) | Failure::Upstream(report)) => {
            Some(Details::Report(Report::from(report.as_ref())))
        }
        _ => None,
    };
    let error = Error { message: &refusal.sentence(), code: code(refusal), details };
    refusal.answer(&ErrorBody { error, request_id: request.request_id })
}

const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Misshapen(_) | Refusal::Transport(_) => "bad_request",
        Refusal::Failure(failure) => match failure {
            Failure::Invalid(_) | Failure::Argument(_) => "bad_request",
            Failure::Unauthenticated { .. } => "unauthorized",
            Failure::Forbidden { .. } => "forbidden",
            Failure::NotFound(_) => "not_found",
            Failure::Conflict(conflict) => conflict_code(conflict),
            Failure::Rejected(_) | Failure::Unusable(_) => "credential_validation_failed",
            Failure::Upstream(_) | Failure::ProviderAway { .. } => "provider_unavailable",
            Failure::Limited { .. } => "rate_limit_exceeded",
            Failure::Unavailable { .. } => "unavailable",
            Failure::Internal => "internal_error",
        },
    }
}

const fn conflict_code(conflict: &Conflict) -> &'static str {
    match conflict {
        Conflict::SlotTaken(_)
        | Conflict::AlreadyConnected
        | Conflict::OauthAppExists
        | Conflict::CredentialChanged => "conflict",
        Conflict::QuotaExceeded { .. } => "quota_exceeded",
        Conflict::AuthorizationPending => "authorization_pending",
        Conflict::ReauthorizationRequired => "reauthorization_required",
        Conflict::StaleRevision | Conflict::WeakTag | Conflict::ForeignTag => "version_mismatch",
    }
}

impl<'a> From<&'a Violation> for Broken<'a> {
    fn from(violation: &'a Violation) -> Self {
        Self { field: &violation.field, message: violation.rule.to_string() }
    }
}

fn wrong_shape(misshapes: &[Misshape]) -> HttpResponse {
    let detail = misshapes.iter().map(Place::from).collect();
    HttpResponse::UnprocessableEntity().json(WrongShape { detail })
}

impl<'a> From<&'a Misshape> for Place<'a> {
    fn from(misshape: &'a Misshape) -> Self {
        let r#type = match &misshape.kind {
            MisshapeKind::Missing => "missing".to_owned(),
            MisshapeKind::Unknown | MisshapeKind::UnknownParameter(_) => "extra_forbidden".to_owned(),
            MisshapeKind::Repeated => "repeated".to_owned(),
            MisshapeKind::WrongType(expected) => format!("{expected}_type"),
            MisshapeKind::WrongValue(_) => "value_error".to_owned(),
            MisshapeKind::NotJson(_) => "json_invalid".to_owned(),
        };
        let msg = match &misshape.kind {
            MisshapeKind::Missing => "Field required".to_owned(),
            MisshapeKind::Unknown => "Field not known here".to_owned(),
            unknown @ MisshapeKind::UnknownParameter(_) => format!("Parameter {unknown}"),
            other => capitalised(&other.to_string()),
        };
        Self { loc: &misshape.location, msg, r#type }
    }
}

fn capitalised(rule: &str) -> String {
    let mut chars = rule.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
