//! Tests with vectors that AWS has published.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use strongroom_declared_http::{AwsSigV4, Values};
use strongroom_domain::{CredentialType, TestCode};
use time::OffsetDateTime;
use time::macros::datetime;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::provider::{RULES, Tested, content, first_step, loopback, provider, run, test_of};
use super::server::Server;
use crate::request::prepare;
use crate::sign::{Signable, headers};

const KEY: [(&str, &str); 3] = [
    ("token", "unused"),
    ("access_key_id", "AKIDEXAMPLE"),
    ("secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
];
const THEN: OffsetDateTime = datetime!(2015-08-30 12:36:00 UTC);

fn signing(service: &str, url: &str) -> Tested {
    provider(&format!(
        "[[test.step]]\nneeds = [\"access_key_id\", \"secret_access_key\"]\nurl = \"{url}\"\naws_sigv4 = {{ service = \"{service}\", region = \"us-east-1\" }}\n{RULES}"
    ))
}

/// `get-vanilla` of the Signature Version 4 test suite.
#[test]
fn the_first_request_of_the_test_suite_is_signed_as_published() {
    let provider = signing("service", "https://example.amazonaws.com/");
    let content = content(&provider, &KEY);
    let values = Values::for_test(&provider, CredentialType::ApiKey, &content, test_of(&provider));
    let prepared = prepare(first_step(&provider), &values, THEN).unwrap();
    let headers = prepared.request.headers();
    assert_eq!(headers["x-amz-date"], "20150830T123600Z");
    assert_eq!(
        headers["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=host;x-amz-date, \
         Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    );
    assert!(headers["authorization"].is_sensitive());
}

/// The `ListUsers` example of "Signing AWS requests" in the AWS General Reference.
#[test]
fn the_documented_request_of_iam_is_signed_as_published() {
    let provider = signing("iam", "https://iam.amazonaws.com/");
    let content = content(&provider, &KEY);
    let values = Values::for_test(&provider, CredentialType::ApiKey, &content, test_of(&provider));
    let mut given = HeaderMap::new();
    given.insert(HOST, HeaderValue::from_static("iam.amazonaws.com"));
    given.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
    let url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
    let signable = Signable { method: &Method::GET, url, headers: &given, body: b"" };
    let aws =
        AwsSigV4 { service: "iam".into(), region: first_step(&provider).aws_sigv4.clone().unwrap().region };
    let signed = headers(&signable, &aws, &values, THEN).unwrap();
    let authorization = signed.iter().find(|(name, _)| name == "authorization").unwrap();
    let signature = "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    assert!(authorization.1.to_str().unwrap().ends_with(signature), "{:?}", authorization.1.to_str());
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed_and_s3_gets_the_hash_of_the_body() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let provider = signing("s3", &format!("http://127.0.0.1:{}/", server.port));
    let fields = [&KEY[..], &[("session_token", "token_EXAMPLE")]].concat();
    let (verdict, _) = run(loopback(), &provider, &fields).await;
    assert_eq!(verdict.unwrap().code, TestCode::Ok);
    let received = &server.received()[0];
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert!(received.contains(&format!("x-amz-content-sha256: {empty}\r\n")));
    assert!(received.contains("x-amz-security-token: token_EXAMPLE\r\n"));
    assert!(received.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
    assert!(!received.contains(KEY[2].1));
}

/// Counts everything that is logged, at any level.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Subscriber for Counting {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn signing_logs_nothing_even_at_the_finest_level() {
    let provider = signing("service", "https://example.amazonaws.com/");
    let content = content(&provider, &KEY);
    let values = Values::for_test(&provider, CredentialType::ApiKey, &content, test_of(&provider));
    let log = Counting::default();
    tracing::subscriber::with_default(log.clone(), || {
        prepare(first_step(&provider), &values, THEN).unwrap();
        assert_eq!(log.0.load(Ordering::Relaxed), 0);
        tracing::trace!("seen");
    });
    assert_eq!(log.0.load(Ordering::Relaxed), 1);
}
