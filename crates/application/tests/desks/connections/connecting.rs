use std::time::Duration;

use strongroom_application::{
    Application, Conflict, ConnectIntegration, Connecting, Failure, Missing, NewContent, UpdateCredential,
};
use strongroom_domain::integration::{ConnectAuthType, IntegrationStatus};
use strongroom_domain::{Action, CredentialId, CredentialStatus, CredentialType, Outcome, Role, TestCode};
use strongroom_fake_store::Call;
use strongroom_fixtures::{FakeAuthorizationServer, FakeCatalog, TestAnswer};
use strongroom_repository::StoreError;

use super::{connect, stored_as};
use crate::house::{House, acme, admin, admitted, engine, engine_for, fields, member, user, violations};

async fn edit(app: &Application, id: CredentialId) {
    let content =
        NewContent { credential_type: CredentialType::ApiKey, credentials: fields(&[("api_key", "k-2")]) };
    let change = UpdateCredential { content: Some(content), ..UpdateCredential::default() };
    app.credentials.update(&admitted(app, &member()), id, change).await.unwrap();
}

async fn begin(app: &Application, caller: &strongroom_application::Caller) -> Result<Connecting, Failure> {
    begin_to(app, caller, "https://app.example.test/done").await
}

async fn begin_to(
    app: &Application,
    caller: &strongroom_application::Caller,
    place: &str,
) -> Result<Connecting, Failure> {
    let asked = ConnectIntegration {
        provider: "drive".into(),
        redirect_url: Some(place.into()),
        ..ConnectIntegration::default()
    };
    app.connections.connect(&admitted(app, caller), asked).await
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_was_never_tested_is_tested_first() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let integration = connect(&app, &admin(), stored.id).await.unwrap();
    assert_eq!((integration.connected_by.as_str(), integration.provider.as_str()), ("ann", "metrics"));
    assert_eq!(house.tester.tested().len(), 1);
    assert_eq!(house.store.credential(stored.id).unwrap().status, CredentialStatus::Validated);
    let events = house.store.events(&acme());
    let found: Vec<_> = events.iter().map(|event| (event.action, event.credential)).collect();
    let id = Some(stored.id);
    assert_eq!(found, [(Action::CredentialTested, id), (Action::IntegrationConnected, id)]);
    assert_eq!(events[1].target, Some(integration.id.to_string()));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_known_to_work_is_not_tested_again() {
    let house = House::new();
    let app = house.open();
    let stored = stored_as(&house, CredentialStatus::Validated);
    connect(&app, &engine(), stored.id).await.unwrap();
    assert!(house.tester.tested().is_empty());
    assert_eq!(house.store.actions(&acme()), [Action::IntegrationConnected]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_known_not_to_work_is_not_used() {
    let house = House::new();
    let app = house.open();
    let refusals = [
        (CredentialStatus::Pending, Failure::Conflict(Conflict::AuthorizationPending)),
        (CredentialStatus::Rejected, Failure::Unusable(CredentialStatus::Rejected)),
        (CredentialStatus::NeedsReauth, Failure::Unusable(CredentialStatus::NeedsReauth)),
    ];
    for (status, failure) in refusals {
        let stored = stored_as(&house, status);
        assert_eq!(connect(&app, &admin(), stored.id).await, Err(failure));
    }
    assert!(house.tester.tested().is_empty());
    assert_eq!(house.store.calls(Call::Connect), 0);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_does_not_go_well_connects_nothing_and_what_it_found_is_kept() {
    let house = House::new();
    let app = house.open();
    let cases = [
        (TestCode::AuthRejected, Outcome::Denied, CredentialStatus::Rejected),
        (TestCode::TlsFailed, Outcome::Failed, CredentialStatus::Unverified),
        (TestCode::NotReachable, Outcome::Failed, CredentialStatus::Unverified),
    ];
    for (code, outcome, status) in cases {
        let stored = house.stored();
        house.tester.next(TestAnswer::code(code));
        match connect(&app, &admin(), stored.id).await.unwrap_err() {
            Failure::Upstream(report) if code == TestCode::NotReachable => assert_eq!(report.code, code),
            Failure::Rejected(report) if code != TestCode::NotReachable => assert_eq!(report.code, code),
            other => panic!("{code:?}: {other:?}"),
        }
        let kept = house.store.credential(stored.id).unwrap();
        assert_eq!((kept.status, kept.last_test_code), (status, Some(code)));
        let event = house.store.events(&acme()).pop().unwrap();
        assert_eq!((event.action, event.outcome), (Action::CredentialTested, outcome));
    }
    assert_eq!(house.store.calls(Call::Connect), 0);
}

#[tokio::test(start_paused = true)]
async fn one_without_a_test_is_connected_as_it_is() {
    let mut house = House::new();
    let mut metrics = (*FakeCatalog::default().provider("metrics")).clone();
    metrics.test = None;
    house.settings.catalog = FakeCatalog::default().with(metrics);
    let app = house.open();
    let stored = house.stored();
    connect(&app, &admin(), stored.id).await.unwrap();
    assert_eq!(house.store.credential(stored.id).unwrap().status, CredentialStatus::Unverified);
    assert_eq!(house.store.actions(&acme()), [Action::IntegrationConnected]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_fit_its_provider_says_why() {
    let mut house = House::new();
    let mut hook = (*FakeCatalog::default().provider("metrics")).clone();
    hook.id = strongroom_fixtures::provider("hook");
    hook.connect.as_mut().unwrap().auth_type = ConnectAuthType::WebhookOnly;
    house.settings.catalog = FakeCatalog::default().with(hook);
    let app = house.open();
    let other = house.granted(3_600);
    let told = violations(connect(&app, &admin(), other.id).await.unwrap_err());
    assert_eq!(told, ["credential_id must be a credential of metrics"]);
    let cases = [
        ("metrics", "credential_id is required"),
        ("drive", "redirect_url is required"),
        ("hook", "provider needs no connection: it only calls webhooks"),
    ];
    for (provider, rule) in cases {
        let asked = ConnectIntegration { provider: provider.into(), ..ConnectIntegration::default() };
        let refused = app.connections.connect(&admitted(&app, &admin()), asked).await.unwrap_err();
        assert_eq!(violations(refused), [rule]);
    }
    for provider in ["sftp", "gadgets"] {
        let asked = ConnectIntegration { provider: provider.into(), ..ConnectIntegration::default() };
        let refused = app.connections.connect(&admitted(&app, &admin()), asked).await.unwrap_err();
        assert_eq!(refused, Failure::NotFound(Missing::Provider));
    }
    assert_eq!(house.store.calls(Call::Connect), 0);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_does_not_exist_for_somebody_is_not_connected_by_them() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    for caller in [user("globex", "eve", Role::Admin), engine_for(&["sftp"])] {
        let refused = connect(&app, &caller, stored.id).await;
        assert_eq!(refused, Err(Failure::NotFound(Missing::Credential)));
    }
    assert!(house.tester.tested().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_connected_once() {
    let house = House::new();
    let app = house.open();
    let (first, second) = (stored_as(&house, CredentialStatus::Validated), house.stored());
    connect(&app, &admin(), first.id).await.unwrap();
    let refused = connect(&app, &admin(), second.id).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::AlreadyConnected)));
    assert!(house.tester.tested().is_empty(), "what cannot be connected is not tested");
    super::disconnect(&app, &admin(), "metrics").await.unwrap();
    connect(&app, &admin(), second.id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_connections_at_the_same_moment_the_store_takes_one() {
    let house = House::new();
    let app = house.open();
    let (first, second) =
        (stored_as(&house, CredentialStatus::Validated), stored_as(&house, CredentialStatus::Validated));
    let held = house.store.faults().hold(Call::Connect);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { connect(&app, &admin(), first.id).await }
    });
    held.reached().await;
    connect(&app, &engine(), second.id).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::Conflict(Conflict::AlreadyConnected)));
    assert_eq!(house.store.actions(&acme()), [Action::IntegrationConnected]);
}

#[tokio::test(start_paused = true)]
async fn content_that_changed_after_its_test_is_tested_again() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let held = house.store.faults().hold(Call::Connect);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { connect(&app, &admin(), stored.id).await.map(|_| ()) }
    });
    held.reached().await;
    edit(&app, stored.id).await;
    held.release();
    assert_eq!(slow.await.unwrap(), Ok(()));
    let keys: Vec<_> = house.tester.tested().iter().map(|tested| tested.secret["api_key"].clone()).collect();
    assert_eq!(keys, ["k-1", "k-2"]);
    let connected = house.store.events(&acme()).pop().unwrap();
    assert_eq!((connected.action, connected.version), (Action::IntegrationConnected, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn a_test_of_content_that_changed_meanwhile_says_nothing() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let (answer, held) = TestAnswer::code(TestCode::AuthRejected).held();
    house.tester.next(answer);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { connect(&app, &admin(), stored.id).await.map(|_| ()) }
    });
    held.reached().await;
    edit(&app, stored.id).await;
    held.release();
    assert_eq!(slow.await.unwrap(), Ok(()), "the old content was refused, not this one");
    assert_eq!(house.store.credential(stored.id).unwrap().status, CredentialStatus::Validated);
}

#[tokio::test(start_paused = true)]
async fn a_connection_starts_over_for_two_seconds() {
    let house = House::new();
    let app = house.open();
    let stored = stored_as(&house, CredentialStatus::Validated);
    house.store.faults().delay(Call::Connect, Duration::from_millis(700));
    for lost_races in [3, 2] {
        for _ in 0..lost_races {
            house.store.faults().fail_next(Call::Connect, StoreError::StaleVersion);
        }
        let began = tokio::time::Instant::now();
        let answer = connect(&app, &admin(), stored.id).await.map(|_| ());
        let expected = if lost_races == 2 { Ok(()) } else { Err(Failure::unavailable()) };
        assert_eq!((answer, began.elapsed()), (expected, Duration::from_millis(2_100)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_was_deleted_meanwhile_is_not_connected() {
    let house = House::new();
    let app = house.open();
    let stored = stored_as(&house, CredentialStatus::Validated);
    let held = house.store.faults().hold(Call::Connect);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { connect(&app, &admin(), stored.id).await }
    });
    held.reached().await;
    app.credentials.delete(&admitted(&app, &member()), stored.id, None, false).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::NotFound(Missing::Credential)));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
}

#[tokio::test(start_paused = true)]
async fn a_person_is_sent_to_a_provider_that_is_connected_by_a_grant() {
    let house = House::new();
    let app = house.open();
    let Connecting::Begun(begun) = begin(&app, &admin()).await.unwrap() else { panic!("no flow") };
    let url = begun.authorization_url.expose();
    assert_eq!(FakeAuthorizationServer::state_in(url).as_deref(), Some(begun.state.expose()));
    assert_eq!(house.store.actions(&acme()), [Action::AuthorizationBegun]);
    let all = app.connections.list(&admitted(&app, &admin()), Default::default()).await.unwrap();
    assert!(all.is_empty(), "the connection is there when the person has granted");
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_cannot_end_in_a_connection_is_not_begun() {
    let house = House::new();
    let app = house.open();
    let elsewhere = begin_to(&app, &admin(), "https://evil.example.test").await.unwrap_err();
    let told = violations(elsewhere);
    assert!(told[0].starts_with("redirect_url must lie at or below"), "{told:?}");
    let told = violations(begin(&app, &engine()).await.unwrap_err());
    assert!(told[0].starts_with("redirect_url needs a user's token here"), "{told:?}");
    let mut grant = house.granted(3_600);
    grant.status = CredentialStatus::Validated;
    let asked = grant.provider.clone();
    let integration = strongroom_domain::Integration {
        organization: acme(),
        id: strongroom_domain::IntegrationId(grant.id.0),
        provider: asked,
        connected_by: "ann".into(),
        issuer: None,
        connected_at: grant.created_at,
    };
    let event = strongroom_fixtures::event(&acme(), Action::IntegrationConnected);
    let store: &dyn strongroom_repository::IntegrationRepository = &house.store;
    assert!(store.connect(&integration, &grant, event.into()).await.unwrap());
    let refused = begin(&app, &admin()).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::AlreadyConnected));
    assert!(!house.store.actions(&acme()).contains(&Action::AuthorizationBegun));
    let all = app.connections.list(&admitted(&app, &admin()), Default::default()).await.unwrap();
    assert_eq!(all[0].status(), IntegrationStatus::Connected);
}
