//! The vault's own tester against the simulator, as in a rehearsal.

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::{CredentialType, Provider, TestCode};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_fixtures::FrozenClock;
use strongroom_provider_tester::{Progress, ProviderTester, TestSubject, Verdict};
use strongroom_tester_http::HttpTester;
use tokio::time::{Instant, timeout};

use super::{World, http_test, marked, submission, ways};
use crate::{Credentials, Marker};

/// The tester with the settings that docs/REHEARSAL.md names.
pub(super) struct Tester(HttpTester);

impl Tester {
    pub(super) fn for_loopback(world: &World) -> Self {
        let settings = EgressSettings {
            allow_cidrs: "http=127.0.0.0/8,oauth=127.0.0.0/8".to_owned(),
            plain_http: true,
            ..EgressSettings::default()
        };
        let declarations = world.overlay.declarations();
        Self(HttpTester::new(Egress::new(&settings).unwrap(), Arc::new(FrozenClock::default()), declarations))
    }

    pub(super) async fn test(
        &self,
        provider: &Arc<Provider>,
        kind: CredentialType,
        credentials: &Credentials,
    ) -> Verdict {
        let content = provider.accept(kind, submission(credentials)).unwrap();
        let subject = TestSubject {
            provider: Arc::clone(provider),
            credential_type: kind,
            content: Arc::new(content),
            probe_path: None,
        };
        self.0.test(Arc::new(subject), Arc::new(Progress::default())).await.unwrap()
    }
}

async fn github(world: &World, marker: Marker) -> Verdict {
    let credentials = world.simulator.with_marker("github", CredentialType::ApiKey, marker).unwrap();
    Tester::for_loopback(world).test(&world.provider("github"), CredentialType::ApiKey, &credentials).await
}

#[tokio::test]
async fn every_fact_that_a_provider_file_asks_for_is_found() {
    let world = World::start().await;
    let tester = Tester::for_loopback(&world);
    let mut missing = Vec::new();
    for provider in world.providers() {
        for way in ways(&provider) {
            let steps = http_test(&provider).unwrap().steps.iter();
            let steps = steps.filter(|step| step.conditions.admit(way.0, |name| way.1.contains(name)));
            let asked: Vec<_> = steps.flat_map(|step| &step.facts).collect();
            let verdict = tester.test(&provider, way.0, &marked(&provider, &way, Marker::Good)).await;
            let absent = asked.iter().filter(|(name, _)| !verdict.facts.contains_key(name));
            missing.extend(
                absent.map(|(name, at)| format!("{} {}: {name} at {at}", provider.id, way.0.as_str())),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let world = World::start().await;
    for marker in [Marker::Redirect, Marker::Metadata] {
        assert_eq!(github(&world, marker).await.code, TestCode::ProviderError);
    }
    assert_eq!(world.simulator.trap_connections(), 0);
    assert_eq!(world.simulator.connections(), 2);
}

#[tokio::test]
async fn slow_endless_and_garbage_end_in_time() {
    let world = World::start().await;
    for (marker, code) in [
        (Marker::Slow, TestCode::Timeout),
        (Marker::Endless, TestCode::ProviderError),
        (Marker::Garbage, TestCode::ProviderError),
    ] {
        let began = Instant::now();
        let verdict = timeout(Duration::from_secs(30), github(&world, marker)).await.unwrap();
        assert_eq!(verdict.code, code, "{}", marker.as_str());
        assert!(began.elapsed() < Duration::from_secs(10), "{}", marker.as_str());
    }
}

#[tokio::test]
async fn each_step_is_one_request_on_one_connection() {
    let world = World::start().await;
    let credentials = world.simulator.good("datadog", CredentialType::ApiKey).unwrap();
    let tester = Tester::for_loopback(&world);
    let verdict = tester.test(&world.provider("datadog"), CredentialType::ApiKey, &credentials).await;
    assert_eq!(verdict.code, TestCode::Ok);
    let steps = world.simulator.requests().into_iter().map(|request| request.step);
    assert_eq!(steps.collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(world.simulator.connections(), 2);
}
