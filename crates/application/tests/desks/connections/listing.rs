use strongroom_application::{
    Application, Caller, Failure, ListIntegrations, Missing, StoreIntegrationCredential,
};
use strongroom_domain::integration::IntegrationStatus;
use strongroom_domain::{Action, CredentialName, CredentialStatus, CredentialType, Role, TestCode};
use strongroom_fixtures::{FakeCatalog, TestAnswer, provider};

use super::{connect, disconnect, stored_as};
use crate::house::{House, acme, admin, admitted, engine, engine_for, fields, user, violations};

async fn list(
    app: &Application,
    caller: &Caller,
    query: ListIntegrations,
) -> Vec<(String, IntegrationStatus)> {
    let found = app.connections.list(&admitted(app, caller), query).await.unwrap();
    found.iter().map(|found| (found.integration.provider.to_string(), found.status())).collect()
}

/// A house with the providers `metrics` and `alerts`, both connected with an API key.
fn house_of_two() -> House {
    let mut house = House::new();
    let mut alerts = (*FakeCatalog::default().provider("metrics")).clone();
    alerts.id = provider("alerts");
    house.settings.catalog = FakeCatalog::default().with(alerts);
    house
}

/// Connects `metrics` first, and then `alerts`.
async fn connect_both(house: &House, app: &Application) {
    connect(app, &admin(), stored_as(house, CredentialStatus::Validated).id).await.unwrap();
    let mut other = stored_as(house, CredentialStatus::Validated);
    other.provider = provider("alerts");
    house.put(&other, &[("api_key", "k-1")]);
    let asked = strongroom_application::ConnectIntegration {
        provider: "alerts".into(),
        credential_id: Some(other.id),
        ..Default::default()
    };
    app.connections.connect(&admitted(app, &admin()), asked).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_are_listed_by_provider_and_as_far_as_their_reader_reaches() {
    let house = house_of_two();
    let app = house.open();
    connect_both(&house, &app).await;
    let (alerts, metrics) = (
        ("alerts".to_owned(), IntegrationStatus::Connected),
        ("metrics".to_owned(), IntegrationStatus::Connected),
    );
    assert_eq!(list(&app, &engine(), ListIntegrations::default()).await, [alerts.clone(), metrics.clone()]);
    assert_eq!(list(&app, &engine_for(&["metrics"]), ListIntegrations::default()).await, [metrics]);
    let one = ListIntegrations { provider: Some(provider("alerts")), status: None };
    assert_eq!(list(&app, &admin(), one).await, [alerts]);
    assert!(list(&app, &user("globex", "eve", Role::Admin), ListIntegrations::default()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_as_its_credential_is() {
    let house = house_of_two();
    let app = house.open();
    connect_both(&house, &app).await;
    disconnect(&app, &admin(), "metrics").await.unwrap();
    let connected = app.connections.list(&admitted(&app, &admin()), Default::default()).await.unwrap();
    let mut used = connected[0].credential.clone().unwrap();
    used.status = CredentialStatus::Rejected;
    house.put(&used, &[("api_key", "k-1")]);
    let (alerts, metrics) = ("alerts".to_owned(), "metrics".to_owned());
    let in_status = |status| ListIntegrations { status: Some(status), provider: None };
    let error = list(&app, &admin(), in_status(IntegrationStatus::Error)).await;
    assert_eq!(error, [(alerts, IntegrationStatus::Error)]);
    let ended = list(&app, &admin(), in_status(IntegrationStatus::Disconnected)).await;
    assert_eq!(ended, [(metrics, IntegrationStatus::Disconnected)]);
    assert!(list(&app, &admin(), in_status(IntegrationStatus::Connected)).await.is_empty());
    let seen = list(&app, &engine_for(&["metrics"]), ListIntegrations::default()).await;
    assert_eq!(seen.len(), 1, "who could connect it again sees that it has ended");
}

async fn store(
    app: &Application,
    caller: &Caller,
    id: &str,
    sent: &[(&str, &str)],
) -> Result<strongroom_domain::Credential, Failure> {
    let label = Some(CredentialName::parse("of the night shift").unwrap());
    let new = StoreIntegrationCredential { provider: id.into(), credentials: fields(sent), label };
    app.connections.store_credential(&admitted(app, caller), new).await
}

#[tokio::test(start_paused = true)]
async fn a_credential_for_a_connection_is_tested_before_it_is_stored() {
    let house = House::new();
    let app = house.open();
    house.tester.next(TestAnswer::code(TestCode::AuthRejected));
    let refused = store(&app, &admin(), "metrics", &[("api_key", "k")]).await.unwrap_err();
    assert!(matches!(refused, Failure::Rejected(_)), "{refused:?}");
    assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested]);
    let stored = store(&app, &engine(), "METRICS", &[("api_key", "k")]).await.unwrap();
    assert_eq!(stored.credential_type, CredentialType::ApiKey);
    assert_eq!((stored.name.as_str(), stored.status), ("of the night shift", CredentialStatus::Validated));
    assert_eq!((stored.slot, stored.expires_at), (None, None));
}

#[tokio::test(start_paused = true)]
async fn what_a_connection_needs_is_asked_for_before_anything_is_tested() {
    let mut house = House::new();
    let mut metrics = (*FakeCatalog::default().provider("metrics")).clone();
    metrics.connect.as_mut().unwrap().required_fields = vec!["api_key".into(), "site".into()];
    house.settings.catalog = FakeCatalog::default().with(metrics);
    let app = house.open();
    let told = violations(store(&app, &admin(), "metrics", &[("api_key", "")]).await.unwrap_err());
    assert_eq!(told, ["api_key is required", "site is required"]);
    let told = violations(store(&app, &admin(), "metrics", &[("api_key", "k")]).await.unwrap_err());
    assert_eq!(told, ["site is required"]);
    let told = violations(store(&app, &admin(), "drive", &[("access_token", "a")]).await.unwrap_err());
    assert_eq!(told, ["provider is not connected with an API key"]);
    let refused = store(&app, &admin(), "sftp", &[]).await;
    assert_eq!(refused, Err(Failure::NotFound(Missing::Provider)));
    let beyond = store(&app, &engine_for(&["sftp"]), "metrics", &[("api_key", "k"), ("site", "a.b")]).await;
    assert_eq!(beyond, Err(Failure::Forbidden { service_accounts_only: false }));
    assert!(house.tester.tested().is_empty());
    app.upkeep.close().await;
    let denied = house.store.events(&acme()).pop().unwrap();
    assert_eq!(crate::house::detail(&denied, "operation"), "ManageIntegrations", "it is what was asked for");
}
