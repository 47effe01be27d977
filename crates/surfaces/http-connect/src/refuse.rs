//! The error bodies of this dialect: one exhaustive match from kinds to answers.

use std::borrow::Cow;

use actix_web::HttpResponse;
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::Serialize;
use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::{CredentialStatus, TestReport, Violation};
use strongroom_http_kit::{
    Misshape, MisshapeKind, RETRY_PROVIDER, Refusal, RefusedRequest, Schema, refused, schema_of,
    with_allowance, with_challenge, with_retry_after,
};

/// The body of every refusal.
pub(crate) const ERROR: Schema = Schema { name: "ConnectError", json: schema_of::<Body<'_>> };

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    /// What went wrong, for programs.
    #[schemars(schema_with = "codes")]
    error: &'a str,
    /// The same for a person; it holds no value that was sent.
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
    match refusal {
        Refusal::Misshapen(misshapes) => misshapen(misshapes),
        Refusal::Transport(transport) => answer(transport.status(), INVALID, transport.message()),
        Refusal::Failure(failure) => failed(failure),
    }
}

const INVALID: &str = "validation_error";

fn failed(failure: &Failure) -> HttpResponse {
    match failure {
        Failure::Unauthenticated { presented } => unauthenticated(*presented),
        Failure::Forbidden { service_accounts_only: true } => {
            answer(403, "forbidden", "Service account required")
        }
        Failure::Forbidden { .. } => answer(403, "forbidden", "Not allowed"),
        Failure::NotFound(missing) => {
            let (code, message) = not_found(*missing);
            answer(404, code, message)
        }
        Failure::Invalid(violations) => {
            answer(400, INVALID, &joined(violations.iter().map(Violation::to_string)))
        }
        Failure::Argument(violation) => answer(400, INVALID, &violation.to_string()),
        Failure::Conflict(conflict) => {
            let (status, code, message) = conflicting(conflict);
            answer(status, code, message)
        }
        Failure::Rejected(report) => answer(422, "credential_validation_failed", &found(report)),
        Failure::Unusable(status) => answer(422, "credential_validation_failed", unusable(*status)),
        Failure::Upstream(report) => {
            with_retry_after(answer(502, "provider_unavailable", &found(report)), RETRY_PROVIDER)
        }
        Failure::ProviderAway { retry_after } => with_retry_after(
            answer(502, "provider_unavailable", "The provider gives no token right now; try again"),
            *retry_after,
        ),
        Failure::Limited { retry_after, allowance } => {
            let response = answer(429, "rate_limit_exceeded", "Too many requests; try again later");
            with_retry_after(with_allowance(response, allowance.as_ref()), *retry_after)
        }
        Failure::Unavailable { retry_after } => {
            with_retry_after(answer(503, "unavailable", "Temporarily unavailable; try again"), *retry_after)
        }
        Failure::Internal => answer(500, "internal_error", "Internal error"),
    }
}

fn answer(status: u16, error: &str, message: &str) -> HttpResponse {
    refused(status).json(Body { error, message })
}

fn unauthenticated(presented: bool) -> HttpResponse {
    let message = if presented { "Invalid authentication token" } else { "Authentication required" };
    with_challenge(answer(401, "unauthorized", message))
}

const fn not_found(missing: Missing) -> (&'static str, &'static str) {
    match missing {
        Missing::Credential => ("credential_not_found", "Credential not found"),
        Missing::Provider => ("provider_not_found", "The catalog of this API has no such provider"),
        Missing::Integration => ("integration_not_found", "The provider is not connected"),
        Missing::ServiceAccount | Missing::ApiKey | Missing::OauthApp | Missing::Route => {
            ("not_found", "Not found")
        }
    }
}

const fn conflicting(conflict: &Conflict) -> (u16, &'static str, &'static str) {
    match conflict {
        Conflict::SlotTaken(_) => (409, "conflict", "The slot is held by another credential"),
        Conflict::OauthAppExists => (409, "conflict", "The organisation has an OAuth app for this provider"),
        Conflict::AlreadyConnected => {
            (409, "already_connected", "The provider is connected already; disconnect it first")
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

/// What a test found and what to do next.
fn found(report: &TestReport) -> Cow<'_, str> {
    match &report.hint {
        Some(hint) => Cow::Owned(format!("{} {hint}", report.message)),
        None => Cow::Borrowed(&report.message),
    }
}

const fn unusable(status: CredentialStatus) -> &'static str {
    match status {
        CredentialStatus::NeedsReauth => "The grant of this credential has ended; authorise it again",
        CredentialStatus::Rejected => {
            "The provider refused this credential at its last test; replace its content, or test it again"
        }
        CredentialStatus::Pending | CredentialStatus::Unverified | CredentialStatus::Validated => {
            "The credential does not work"
        }
    }
}

fn joined(sentences: impl Iterator<Item = String>) -> String {
    sentences.collect::<Vec<_>>().join("; ")
}

fn misshapen(misshapes: &[Misshape]) -> HttpResponse {
    answer(400, INVALID, &joined(misshapes.iter().map(misshaped)))
}

fn misshaped(misshape: &Misshape) -> String {
    // `["body", "label"]`; `["body"]` when it is the whole.
    let place = misshape.location.last().map_or("request", String::as_str);
    match &misshape.kind {
        MisshapeKind::Missing => format!("{place} is required"),
        MisshapeKind::Unknown => format!("{place} is not known here"),
        MisshapeKind::Repeated => format!("{place} must be given once"),
        MisshapeKind::WrongType(expected) => format!("{place} must be of type {expected}"),
        MisshapeKind::WrongValue(rule) | MisshapeKind::NotJson(rule) => format!("{place} {rule}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::body::MessageBody;
    use serde_json::{Value, json};
    use strongroom_domain::{ProviderId, Rule, Slot, TestCode};
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

    fn said(failure: &Failure) -> (u16, Value, HttpResponse) {
        read(failed(failure))
    }

    fn read(response: HttpResponse) -> (u16, Value, HttpResponse) {
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
            (Failure::Conflict(Conflict::QuotaExceeded), 409, "quota_exceeded"),
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
            let (given, body, response) = said(&failure);
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
        let (status, body, _) = said(&Failure::Invalid(violations));
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
        let (status, body, _) = read(misshapen(&misshapes));
        let message = "body must be JSON; credentials is required; label must be of type string; \
                       x is not known here; status must be given once; status must be one of: a, b";
        assert_eq!((status, body), (400, json!({ "error": "validation_error", "message": message })));
    }

    #[test]
    fn a_refused_test_is_told_with_its_hint() {
        let (_, body, _) = said(&Failure::Rejected(report(TestCode::AuthRejected)));
        let expected =
            format!("{} {}", TestCode::AuthRejected.message(), TestCode::AuthRejected.hint().unwrap());
        assert_eq!(body["message"], expected);
    }
}
