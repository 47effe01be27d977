//! Tests of every provider that declares an HTTP test, from its file through the API to the simulator and
//! back.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use serde_json::{Value, json};
use strongroom_declared_http::HttpTest;
use strongroom_domain::{CredentialType, ProviderTest, TestCode};
use strongroom_environment::Catalog;
use strongroom_provider_simulator::Marker;

use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, World};

/// Whether the steps for credentials like these have a rule with this code.
fn declares(test: &HttpTest, kind: CredentialType, credentials: &Value, code: TestCode) -> bool {
    let mut steps =
        test.steps.iter().filter(|step| step.conditions.admit(kind, |name| !credentials[name].is_null()));
    steps.any(|step| step.outcomes.iter().any(|rule| rule.code == code))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_declared_provider_accepts_rejects_and_misses_permissions_as_its_file_says() {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(World::embedded());
    let server = world.setup.start().await;
    let mut cases: Vec<(String, CredentialType, Marker, &str)> = Vec::new();
    let (mut http, mut protocol) = (0, 0);
    let declarations = rehearsal.simulator.catalog().declarations();
    for provider in rehearsal.simulator.catalog().all() {
        let test = match &provider.test {
            None => continue,
            Some(ProviderTest::Sftp | ProviderTest::Postgresql) => {
                protocol += 1;
                continue;
            }
            Some(ProviderTest::Http(_)) => declarations.test(&provider.id).unwrap(),
        };
        http += 1;
        for kind in provider.types.keys().copied() {
            let good = rehearsal.credentials(provider.id.as_str(), kind, Marker::Good);
            assert!(
                declares(test, kind, &good, TestCode::Ok),
                "{} {} has no test",
                provider.id,
                kind.as_str()
            );
            let mut case = |marker, code| cases.push((provider.id.to_string(), kind, marker, code));
            case(Marker::Good, "ok");
            case(Marker::Bad, "auth_rejected");
            case(Marker::Limited, "rate_limited");
            case(Marker::Broken, "provider_error");
            if declares(test, kind, &good, TestCode::Insufficient) {
                case(Marker::Denied, "insufficient");
            }
        }
    }
    assert!(http + protocol >= 60, "{http} providers with HTTP tests and {protocol} with protocol tests");
    let runs = cases.iter().enumerate().map(|(at, (provider, kind, marker, expected))| {
        let client = server.client(Character::member_of(&format!("org-{}", at % 8)));
        let credentials = rehearsal.credentials(provider, *kind, *marker);
        let body = json!({ "credential_type": kind.as_str(), "credentials": credentials });
        async move {
            let reply = client.post(&format!("/integrations/{provider}/test-connection"), body).await;
            let good = reply.status == 200 && reply.json()["code"] == *expected;
            (!good).then(|| format!("{provider} {} {}: {}", kind.as_str(), marker.as_str(), reply.text))
        }
    });
    let wrong: Vec<String> =
        futures_util::stream::iter(runs).buffer_unordered(16).filter_map(async |wrong| wrong).collect().await;
    eprintln!("{} cases over {http} providers with HTTP tests", cases.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn datadog_checks_the_api_key_and_then_the_application_key() {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(World::embedded());
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let test = async |api_key: &str, application_key: &str| -> Value {
        let credentials = json!({ "api_key": api_key, "application_key": application_key });
        let body = json!({ "credential_type": "api_key", "credentials": credentials });
        admin.post("/integrations/datadog/test-connection", body).await.json()
    };
    let good = rehearsal.credentials("datadog", CredentialType::ApiKey, Marker::Good);
    let bad = rehearsal.credentials("datadog", CredentialType::ApiKey, Marker::Bad);
    let key = |from: &Value, name: &str| from[name].as_str().unwrap().to_owned();
    let outcomes = |report: &Value| -> BTreeMap<String, String> {
        let steps = report["steps"].as_array().unwrap().iter();
        steps.map(|step| (key(step, "name"), key(step, "outcome"))).collect()
    };
    let both = test(&key(&good, "api_key"), &key(&good, "application_key")).await;
    assert_eq!((&both["success"], &both["code"]), (&json!(true), &json!("ok")), "{both}");
    let ran = outcomes(&both);
    assert!(ran.iter().all(|(name, outcome)| outcome == "ok" || name == "handshake"), "no TLS here: {both}");

    let wrong_api = test(&key(&bad, "api_key"), &key(&good, "application_key")).await;
    let wrong_application = test(&key(&good, "api_key"), &key(&bad, "application_key")).await;
    for report in [&wrong_api, &wrong_application] {
        assert_eq!((&report["success"], &report["code"]), (&json!(false), &json!("auth_rejected")));
    }
    assert!(wrong_application["message"].as_str().unwrap().to_lowercase().contains("application key"));
    assert!(!wrong_api["message"].as_str().unwrap().to_lowercase().contains("application key"));
    assert_eq!(outcomes(&wrong_api)["application_key"], "skipped");
    assert_eq!(outcomes(&wrong_application)["application_key"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_answers_and_nobody_follows_them() {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(World::embedded());
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    for provider in ["github", "salesforce", "zendesk", "slack"] {
        let kind =
            rehearsal.simulator.catalog().find(provider).unwrap().types.keys().next().copied().unwrap();
        for marker in [Marker::Redirect, Marker::Metadata] {
            let credentials = rehearsal.credentials(provider, kind, marker);
            let body = json!({ "credential_type": kind.as_str(), "credentials": credentials });
            let report = admin.post(&format!("/integrations/{provider}/test-connection"), body).await.json();
            assert_eq!(report["code"], "provider_error", "{provider}: {report}");
        }
    }
    assert_eq!(rehearsal.simulator.trap_connections(), 0);
}
