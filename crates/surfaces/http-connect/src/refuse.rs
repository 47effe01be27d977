//! The error bodies of this dialect: one exhaustive match from kinds to codes.

use std::borrow::Cow;

use actix_web::HttpResponse;
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::Serialize;
use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::{TestReport, Violation};
use strongroom_http_kit::{Misshape, Refusal, RefusedRequest, Schema, schema_of};

/// The body of every refusal.
pub(crate) const ERROR: Schema = Schema { name: "ConnectError", json: schema_of::<ErrorBody<'_>> };

#[derive(Serialize, JsonSchema)]
struct ErrorBody<'a> {
    /// What went wrong, for programs.
    #[schemars(schema_with = "codes")]
    error: &'a str,
    /// What went wrong, for a person. It holds no value that was sent.
    message: &'a str,
}

fn codes(_: &mut SchemaGenerator) -> schemars::Schema {
    json_schema!({
        "type": "string",
        "enum": [
            INVALID, "unauthorized", "forbidden", "provider_not_found", "credential_not_found",
            "integration_not_found", "not_found", "already_connected", "quota_exceeded",
            "authorization_pending", "reauthorization_required", "conflict", "version_mismatch",
            "credential_validation_failed", "rate_limit_exceeded", "provider_unavailable", "unavailable",
            "internal_error",
        ],
    })
}

/// Words a refusal.
pub(crate) fn refuse(refusal: &Refusal, _: &RefusedRequest<'_>) -> HttpResponse {
    refusal.answer(&ErrorBody { error: code(refusal), message: &message(refusal) })
}

const INVALID: &str = "validation_error";

const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Misshapen(_) | Refusal::Transport(_) => INVALID,
        Refusal::Failure(failure) => match failure {
            Failure::Invalid(_) | Failure::Argument(_) => INVALID,
            Failure::Unauthenticated { .. } => "unauthorized",
            Failure::Forbidden { .. } => "forbidden",
            Failure::NotFound(missing) => missing_code(*missing),
            Failure::Conflict(conflict) => conflict_code(conflict),
            Failure::Rejected(_) | Failure::Unusable(_) => "credential_validation_failed",
            Failure::Upstream(_) | Failure::ProviderAway { .. } => "provider_unavailable",
            Failure::Limited { .. } => "rate_limit_exceeded",
            Failure::Unavailable { .. } => "unavailable",
            Failure::Internal => "internal_error",
        },
    }
}

const fn missing_code(missing: Missing) -> &'static str {
    match missing {
        Missing::Credential => "credential_not_found",
        Missing::Provider => "provider_not_found",
        Missing::Integration => "integration_not_found",
        Missing::ServiceAccount | Missing::ApiKey | Missing::OauthApp | Missing::Route => "not_found",
    }
}

const fn conflict_code(conflict: &Conflict) -> &'static str {
    match conflict {
        Conflict::SlotTaken(_) | Conflict::OauthAppExists | Conflict::CredentialChanged => "conflict",
        Conflict::AlreadyConnected => "already_connected",
        Conflict::QuotaExceeded { .. } => "quota_exceeded",
        Conflict::AuthorizationPending => "authorization_pending",
        Conflict::ReauthorizationRequired => "reauthorization_required",
        Conflict::StaleRevision | Conflict::WeakTag | Conflict::ForeignTag => "version_mismatch",
    }
}

/// The sentence of the kit, or one that says more, because this dialect has no other place for details.
fn message(refusal: &Refusal) -> Cow<'_, str> {
    match refusal {
        Refusal::Misshapen(misshapes) => joined(misshapes.iter().map(misshaped)).into(),
        Refusal::Failure(failure) => match failure {
            Failure::Invalid(violations) => joined(violations.iter().map(Violation::to_string)).into(),
            Failure::Argument(violation) => violation.to_string().into(),
            Failure::Rejected(report) | Failure::Upstream(report) => found(report),
            Failure::NotFound(Missing::Provider) => "The catalog of this API has no such provider".into(),
            Failure::NotFound(Missing::Integration) => "The provider is not connected".into(),
            Failure::Conflict(Conflict::AlreadyConnected) => {
                "The provider is connected already; disconnect it first".into()
            }
            _ => refusal.sentence(),
        },
        Refusal::Transport(_) => refusal.sentence(),
    }
}

/// What a test found, and what to do next.
fn found(report: &TestReport) -> Cow<'_, str> {
    match &report.hint {
        Some(hint) => Cow::Owned(format!("{} {hint}", report.message)),
        None => Cow::Borrowed(&report.message),
    }
}

fn joined(sentences: impl Iterator<Item = String>) -> String {
    sentences.collect::<Vec<_>>().join("; ")
}

/// The place is the field, or `body` when the whole body has the wrong shape.
fn misshaped(misshape: &Misshape) -> String {
    let place = misshape.location.last().map_or("request", String::as_str);
    format!("{place} {}", misshape.kind)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::body::MessageBody;
    use serde_json::{Value, json};
    use strongroom_domain::{CredentialStatus, ProviderId, Rule, Slot, TestCode};
    use strongroom_http_kit::MisshapeKind;
    use time::OffsetDateTime;

    use super::*;

    fn report(code: TestCode) -> Box<TestReport> {
        Box::new(TestReport {
            code,
            message: code.message().into(),
            hint: code.hint().map(Cow::Borrowed),
            provider: ProviderId::parse("datadog").unwrap(),
            tested_at: OffsetDateTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            steps: Vec::new(),
            facts: strongroom_domain::Facts::new(),
        })
    }

    fn said(refusal: impl Into<Refusal>) -> (u16, Value, HttpResponse) {
        let refusal = refusal.into();
        let response = refusal.answer(&ErrorBody { error: code(&refusal), message: &message(&refusal) });
        let status = response.status().as_u16();
        let (head, body) = response.into_parts();
        let body = body.try_into_bytes().unwrap();
        (status, serde_json::from_slice(&body).unwrap(), head.set_body(actix_web::body::BoxBody::new(())))
    }

    #[test]
    fn every_kind_of_failure_has_its_status_and_its_code() {
        let slot = Slot::parse("nightly").unwrap();
        let second = Duration::from_secs(1);
        let table = [
            (Failure::Unauthenticated { presented: false }, 401, "unauthorized"),
            (Failure::Unauthenticated { presented: true }, 401, "unauthorized"),
            (Failure::Forbidden { service_accounts_only: false }, 403, "forbidden"),
            (Failure::Forbidden { service_accounts_only: true }, 403, "forbidden"),
            (Failure::NotFound(Missing::Provider), 404, "provider_not_found"),
            (Failure::NotFound(Missing::Credential), 404, "credential_not_found"),
            (Failure::NotFound(Missing::Integration), 404, "integration_not_found"),
            (Failure::NotFound(Missing::Route), 404, "not_found"),
            (Failure::Conflict(Conflict::AlreadyConnected), 409, "already_connected"),
            (Failure::Conflict(Conflict::QuotaExceeded { limit: None }), 409, "quota_exceeded"),
            (Failure::Conflict(Conflict::AuthorizationPending), 409, "authorization_pending"),
            (Failure::Conflict(Conflict::ReauthorizationRequired), 409, "reauthorization_required"),
            (Failure::Conflict(Conflict::SlotTaken(slot)), 409, "conflict"),
            (Failure::Conflict(Conflict::StaleRevision), 412, "version_mismatch"),
            (Failure::Rejected(report(TestCode::AuthRejected)), 422, "credential_validation_failed"),
            (Failure::Unusable(CredentialStatus::Rejected), 422, "credential_validation_failed"),
            (Failure::Unusable(CredentialStatus::NeedsReauth), 422, "credential_validation_failed"),
            (Failure::Limited { retry_after: second, allowance: None }, 429, "rate_limit_exceeded"),
            (Failure::Upstream(report(TestCode::NotReachable)), 502, "provider_unavailable"),
            (Failure::ProviderAway { retry_after: second }, 502, "provider_unavailable"),
            (Failure::Unavailable { retry_after: second }, 503, "unavailable"),
            (Failure::Internal, 500, "internal_error"),
        ];
        let documented = (ERROR.json)()["properties"]["error"]["enum"].clone();
        for (failure, status, code) in table {
            assert!(documented.as_array().unwrap().contains(&json!(code)), "{code}");
            let (given, body, response) = said(failure.clone());
            assert_eq!((given, &body["error"]), (status, &json!(code)), "{failure:?}");
            assert_eq!(body.as_object().unwrap().len(), 2);
            assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
            let has = |name: &str| response.headers().contains_key(name);
            assert_eq!(has("retry-after"), [429, 502, 503].contains(&status), "{failure:?}");
            assert_eq!(has("www-authenticate"), status == 401, "{failure:?}");
        }
    }

    #[test]
    fn a_message_names_every_field_and_its_rule() {
        let violations =
            vec![Rule::fixed("is required").on("api_key"), Rule::fixed("must be a text").on("site")];
        let (status, body, _) = said(Failure::Invalid(violations));
        assert_eq!(status, 400);
        assert_eq!(
            body,
            json!({ "error": "validation_error", "message": "api_key is required; site must be a text" })
        );
        let whole =
            Misshape { location: vec!["body".into()], kind: MisshapeKind::NotJson("must be JSON".into()) };
        let misshapes = vec![
            whole,
            Misshape::body("credentials", MisshapeKind::Missing),
            Misshape::body("label", MisshapeKind::WrongType("string")),
            Misshape::body("x", MisshapeKind::Unknown),
            Misshape::query("status", MisshapeKind::Repeated),
            Misshape::query("status", MisshapeKind::WrongValue("must be one of: a, b".into())),
        ];
        let (status, body, _) = said(Refusal::Misshapen(misshapes));
        let message = "body must be JSON; credentials is required; label must be of type string; \
                       x is not known here; status must be given once; status must be one of: a, b";
        assert_eq!((status, body), (400, json!({ "error": "validation_error", "message": message })));
    }

    #[test]
    fn a_refused_test_is_told_with_its_hint() {
        let (_, body, _) = said(Failure::Rejected(report(TestCode::AuthRejected)));
        let expected =
            format!("{} {}", TestCode::AuthRejected.message(), TestCode::AuthRejected.hint().unwrap());
        assert_eq!(body["message"], expected);
    }
}
