use std::collections::BTreeSet;

use strongroom_domain::{CredentialType, TestCode};

use super::client::run;
use super::tester::Tester;
use super::{Played, World, http_test, marked, ways};
use crate::Marker;

/// The answers of every provider to a marker, as the test's client and the vault's own tester read them.
/// Fails with a list of all differences.
async fn everywhere(
    marker: Marker,
    expected: impl Fn(&Played, CredentialType, &BTreeSet<String>) -> Option<TestCode>,
) {
    let world = World::start().await;
    let tester = Tester::for_loopback(&world);
    let mut differences = Vec::new();
    let mut tried = 0;
    for provider in world.providers() {
        for way in ways(&provider) {
            let Some(expected) = expected(&provider, way.0, &way.1) else { continue };
            let credentials = marked(&provider, &way, marker);
            let found = run(world.simulator.address(), &provider, way.0, &credentials).await;
            let verdict = tester.test(&provider, way.0, &credentials).await;
            tried += 1;
            for found in [found, verdict.code].into_iter().filter(|found| *found != expected) {
                let (kind, names) = (way.0.as_str(), &way.1);
                differences.push(format!(
                    "{} {kind} {names:?}: {} instead of {}",
                    provider.id,
                    found.as_str(),
                    expected.as_str()
                ));
            }
        }
    }
    assert!(tried > 0, "no provider was tried");
    assert!(differences.is_empty(), "{}: {differences:#?}", marker.as_str());
}

#[tokio::test]
async fn every_provider_accepts_a_good_credential_on_every_way_through_its_test() {
    everywhere(Marker::Good, |_, _, _| Some(TestCode::Ok)).await;
}

#[tokio::test]
async fn every_provider_refuses_a_bad_credential() {
    everywhere(Marker::Bad, |_, _, _| Some(TestCode::AuthRejected)).await;
}

#[tokio::test]
async fn every_provider_that_declares_it_says_that_a_permission_is_missing() {
    everywhere(Marker::Denied, |provider, kind, names| {
        let mut steps = http_test(provider).unwrap().steps.iter();
        let declared = steps.any(|step| {
            step.conditions.admit(kind, |name| names.contains(name))
                && step.outcomes.iter().any(|rule| rule.code == TestCode::Insufficient)
        });
        declared.then_some(TestCode::Insufficient)
    })
    .await;
}

#[tokio::test]
async fn every_provider_asks_for_fewer_requests() {
    everywhere(Marker::Limited, |_, _, _| Some(TestCode::RateLimited)).await;
}

#[tokio::test]
async fn every_provider_breaks() {
    everywhere(Marker::Broken, |_, _, _| Some(TestCode::ProviderError)).await;
}

#[tokio::test]
async fn a_redirect_is_no_verdict_anywhere() {
    everywhere(Marker::Redirect, |_, _, _| Some(TestCode::ProviderError)).await;
}

#[tokio::test]
async fn every_step_of_every_provider_is_made() {
    let world = World::start().await;
    let mut steps = BTreeSet::new();
    for provider in world.providers() {
        steps.extend(
            (0..http_test(&provider).unwrap().steps.len()).map(|step| (provider.id.to_string(), step)),
        );
        for way in ways(&provider) {
            run(world.simulator.address(), &provider, way.0, &marked(&provider, &way, Marker::Good)).await;
        }
    }
    let requests = world.simulator.requests();
    assert_eq!(requests.iter().find_map(|request| request.mistake.clone()), None);
    let made = requests.into_iter().map(|request| (request.provider.unwrap(), request.step.unwrap()));
    assert_eq!(made.collect::<BTreeSet<_>>(), steps);
}

#[tokio::test]
async fn a_good_api_key_with_a_bad_application_key_fails_at_the_second_step_of_datadog() {
    let world = World::start().await;
    let provider = world.provider("datadog");
    let mut credentials = world.simulator.good("datadog", CredentialType::ApiKey).unwrap();
    credentials.insert("application_key".to_owned(), "a-bad-key".into());
    let code = run(world.simulator.address(), &provider, CredentialType::ApiKey, &credentials).await;
    assert_eq!(code, TestCode::AuthRejected);
    assert_eq!(world.simulator.requests().len(), 2);

    credentials.insert("api_key".to_owned(), "a-bad-key".into());
    run(world.simulator.address(), &provider, CredentialType::ApiKey, &credentials).await;
    assert_eq!(world.simulator.requests().len(), 3);
}

#[tokio::test]
async fn a_secret_without_a_marker_is_refused() {
    let world = World::start().await;
    let mut credentials = world.simulator.good("github", CredentialType::ApiKey).unwrap();
    credentials.insert("access_token".to_owned(), "ghp_0123456789".into());
    let code =
        run(world.simulator.address(), &world.provider("github"), CredentialType::ApiKey, &credentials).await;
    assert_eq!(code, TestCode::AuthRejected);
}

async fn custom(header: Option<&str>, prefix: Option<&str>) -> Vec<String> {
    let world = World::start().await;
    let provider = world.provider("custom");
    let mut credentials = world.simulator.good("custom", CredentialType::ApiKey).unwrap();
    credentials.insert("test_path".to_owned(), "/me".into());
    credentials.extend(header.map(|name| ("header_name".to_owned(), name.into())));
    credentials.extend(prefix.map(|word| ("header_prefix".to_owned(), word.into())));
    let verdict = Tester::for_loopback(&world).test(&provider, CredentialType::ApiKey, &credentials).await;
    assert_eq!(verdict.code, TestCode::Ok, "{header:?} {prefix:?}");
    world.simulator.requests().into_iter().flat_map(|request| request.header_names).collect()
}

#[tokio::test]
async fn the_key_of_a_custom_provider_is_sent_in_the_header_that_was_asked_for() {
    let has = |names: Vec<String>, name: &str| names.iter().any(|header| header == name);
    for prefix in [None, Some("Token")] {
        assert!(has(custom(None, prefix).await, "authorization"));
        assert!(has(custom(Some("AUTHORIZATION"), prefix).await, "authorization"));
        let names = custom(Some("X-Api-Key"), prefix).await;
        assert!(has(names.clone(), "x-api-key") && !has(names, "authorization"));
    }
}
