use strongroom_domain::{CredentialType, Provider};

use super::{World, http_test, marked, submission, ways};
use crate::{Credentials, Marker, NoCredentials};

fn accepted(provider: &Provider, kind: CredentialType, credentials: &Credentials) -> Result<(), String> {
    let accepted = provider.accept(kind, submission(credentials));
    accepted.map(drop).map_err(|violations| format!("{} {}: {violations:?}", provider.id, kind.as_str()))
}

#[tokio::test]
async fn every_provider_with_a_test_takes_the_credentials_that_are_made_for_it() {
    let world = World::start().await;
    for provider in world.providers() {
        for kind in provider.types.keys() {
            for marker in Marker::ALL {
                let credentials = world.simulator.with_marker(provider.id.as_str(), *kind, marker).unwrap();
                accepted(&provider, *kind, &credentials).unwrap();
            }
        }
        for way in ways(&provider) {
            accepted(&provider, way.0, &marked(&provider, &way, Marker::Good)).unwrap();
        }
    }
}

#[tokio::test]
async fn the_credentials_begin_a_test_wherever_the_type_can_be_tested() {
    let world = World::start().await;
    for provider in world.providers() {
        for kind in provider.types.keys() {
            let all = provider.fields_of(*kind).map(|field| field.name.clone()).collect::<Vec<_>>();
            let steps = &http_test(&provider).unwrap().steps;
            let can = steps.iter().any(|step| {
                step.conditions.admit(*kind, |name| {
                    step.conditions.needs.iter().any(|n| n == name) && all.contains(&name.to_owned())
                })
            });
            let credentials = world.simulator.good(provider.id.as_str(), *kind).unwrap();
            assert_eq!(
                provider.can_test(*kind, |name| credentials.contains_key(name)),
                can,
                "{} {}",
                provider.id,
                kind.as_str()
            );
        }
    }
}

#[tokio::test]
async fn providers_without_an_http_test_get_credentials_too() {
    let world = World::start().await;
    for provider in world.all().iter().filter(|provider| http_test(provider).is_none()) {
        for kind in provider.types.keys() {
            let credentials = world.simulator.good(provider.id.as_str(), *kind).unwrap();
            accepted(provider, *kind, &credentials).unwrap();
        }
    }
}

#[tokio::test]
async fn unknown_providers_and_types_have_no_credentials() {
    let world = World::start().await;
    let nobody = world.simulator.good("nobody", CredentialType::ApiKey);
    assert_eq!(nobody, Err(NoCredentials::Provider("nobody".to_owned())));
    let key_file = world.simulator.good("datadog", CredentialType::KeyFile);
    assert_eq!(key_file, Err(NoCredentials::Type("datadog".to_owned(), "key_file")));
}

#[test]
fn a_marker_is_found_in_any_case_and_good_yields_to_every_other() {
    assert_eq!(Marker::find("sk_live_GOOD_123"), Some(Marker::Good));
    assert_eq!(Marker::find("good-then-Limited"), Some(Marker::Limited));
    assert_eq!(Marker::find("slow-or-broken"), Some(Marker::Slow));
    assert_eq!(Marker::find("0123456789"), None);
}
