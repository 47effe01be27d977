//! Signatures against the examples that AWS publishes and against AWS's own crate.

use strongroom_domain::{CredentialType, TestCode};
use strongroom_environment::Clock;
use strongroom_fixtures::FrozenClock;
use time::Duration;

use super::World;
use super::client::{exchange, outgoing, run};
use super::tester::Tester;
use super::{http_test, marked, ways};
use crate::Marker;
use crate::sigv4::verify;
use crate::wire::Received;

const EXAMPLE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn received(query: &str, headers: &[(&str, &str)]) -> Received {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Received { method: "GET".into(), path: "/".into(), query: query.into(), headers, body: Vec::new() }
}

/// The request of AWS's guide "Create a signed AWS API request", which calls ListUsers of IAM.
fn list_users(signature: &str) -> Received {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    );
    received(
        "Action=ListUsers&Version=2010-05-08",
        &[
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", &authorization),
        ],
    )
}

const LIST_USERS: &str = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

#[test]
fn the_published_example_of_iam_verifies() {
    let signed = verify(&list_users(LIST_USERS), EXAMPLE_SECRET).unwrap();
    assert!(signed.genuine);
    assert_eq!(
        (signed.access_key_id.as_str(), signed.region.as_str(), signed.service.as_str()),
        ("AKIDEXAMPLE", "us-east-1", "iam")
    );
}

#[test]
fn the_published_example_get_vanilla_verifies() {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let headers = [
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        ("authorization", authorization),
    ];
    assert!(verify(&received("", &headers), EXAMPLE_SECRET).unwrap().genuine);
}

#[test]
fn another_secret_another_query_and_another_signature_do_not_verify() {
    assert!(!verify(&list_users(LIST_USERS), "another").unwrap().genuine);
    let mut other = list_users(LIST_USERS);
    other.query.push('1');
    assert!(!verify(&other, EXAMPLE_SECRET).unwrap().genuine);
    assert!(!verify(&list_users(&LIST_USERS.replace('5', "6")), EXAMPLE_SECRET).unwrap().genuine);
}

#[test]
fn an_unsigned_header_of_aws_is_a_mistake() {
    let mut request = list_users(LIST_USERS);
    request.headers.push(("x-amz-security-token".to_owned(), "token".to_owned()));
    assert!(verify(&request, EXAMPLE_SECRET).is_err());
}

#[tokio::test]
async fn another_secret_is_told_from_another_key_id() {
    let world = World::start().await;
    let provider = world.provider("aws_ses");
    let at = world.simulator.address();
    let mut credentials = world.simulator.good("aws_ses", CredentialType::ApiKey).unwrap();
    credentials.insert("secret_access_key".to_owned(), "another-secret".into());
    assert_eq!(run(at, &provider, CredentialType::ApiKey, &credentials).await, TestCode::AuthRejected);
    let first = outgoing(at, &provider, &http_test(&provider).unwrap().steps[0], &credentials);
    let body = String::from_utf8(exchange(at, &first).await.body).unwrap();
    assert!(body.contains("SignatureDoesNotMatch") && !body.contains("another-secret"));

    let credentials = world.simulator.bad("aws_ses", CredentialType::ApiKey).unwrap();
    let first = outgoing(at, &provider, &http_test(&provider).unwrap().steps[0], &credentials);
    let body = String::from_utf8(exchange(at, &first).await.body).unwrap();
    assert!(body.contains("InvalidClientTokenId"));
}

#[tokio::test]
async fn a_session_token_is_looked_at_too() {
    let world = World::start().await;
    let provider = world.provider("aws_ses");
    let mut credentials = world.simulator.good("aws_ses", CredentialType::ApiKey).unwrap();
    for (token, expected) in [("good-token", TestCode::Ok), ("bad-token", TestCode::AuthRejected)] {
        credentials.insert("session_token".to_owned(), token.into());
        let code = run(world.simulator.address(), &provider, CredentialType::ApiKey, &credentials).await;
        assert_eq!(code, expected);
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_never_a_wrong_key() {
    for (minutes, fine) in [(16, false), (-16, false), (14, true), (-14, true)] {
        let world = World::at(FrozenClock::default().now() + Duration::minutes(minutes)).await;
        let tester = Tester::for_loopback(&world);
        let mut tried = 0;
        for provider in ["aws", "aws_ses", "s3"].map(|id| world.provider(id)) {
            for way in ways(&provider) {
                let context = format!("{} {:?} {minutes}", provider.id, way.1);
                let credentials = marked(&provider, &way, Marker::Good);
                let verdict = tester.test(&provider, way.0, &credentials).await;
                let expected = if fine { TestCode::Ok } else { TestCode::ProviderError };
                assert_eq!(verdict.code, expected, "{context}");
                let hint = verdict.hint.as_deref().unwrap_or_default();
                assert_eq!(hint.contains("clock of this vault"), !fine, "{context}: {hint}");
                tried += 1;
            }
        }
        assert!(tried >= 6, "{tried}");
    }
}

#[tokio::test]
async fn every_step_that_is_signed_for_aws_knows_a_wrong_clock_first() {
    let world = World::start().await;
    for provider in world.providers() {
        for step in http_test(&provider).unwrap().steps.iter().filter(|step| step.aws_sigv4.is_some()) {
            for reason in ["Signature expired: ", "Signature not yet current: ", "RequestTimeTooSkewed"] {
                let body = format!("<Code>SignatureDoesNotMatch</Code><Message>{reason}");
                let found = strongroom_tester_http::evaluate(
                    step,
                    http::StatusCode::FORBIDDEN,
                    &http::HeaderMap::new(),
                    body.as_bytes(),
                );
                assert_eq!(found, TestCode::ProviderError, "{} {}", provider.id, step.name);
            }
        }
    }
}
