use strongroom_application::{Failure, Missing};
use strongroom_domain::{Action, CredentialStatus, Reach, Role, Scope};
use strongroom_fake_store::Call;

use super::{connect, disconnect, stored_as};
use crate::house::{House, acme, admin, engine_for, service, user};

#[tokio::test(start_paused = true)]
async fn a_connection_ends_and_its_credential_stays() {
    let house = House::new();
    let app = house.open();
    let stored = stored_as(&house, CredentialStatus::Validated);
    let integration = connect(&app, &admin(), stored.id).await.unwrap();
    disconnect(&app, &admin(), "Metrics").await.unwrap();
    let event = house.store.events(&acme()).pop().unwrap();
    assert_eq!((event.action, event.credential), (Action::IntegrationDisconnected, Some(stored.id)));
    assert_eq!(event.target, Some(integration.id.to_string()));
    assert_eq!(house.store.credential(stored.id), Some(stored));
    let again = disconnect(&app, &admin(), "metrics").await;
    assert_eq!(again, Err(Failure::NotFound(Missing::Integration)));
}

#[tokio::test(start_paused = true)]
async fn only_who_reaches_its_credential_ends_a_connection() {
    let house = House::new();
    let app = house.open();
    let stored = stored_as(&house, CredentialStatus::Validated);
    connect(&app, &admin(), stored.id).await.unwrap();
    let missing = Err(Failure::NotFound(Missing::Integration));
    let strangers = [user("globex", "eve", Role::Admin), engine_for(&["sftp"])];
    for caller in strangers {
        assert_eq!(disconnect(&app, &caller, "metrics").await, missing);
    }
    assert_eq!(disconnect(&app, &admin(), "drive").await, missing);
    for unlisted in ["sftp", "gadgets"] {
        let refused = disconnect(&app, &admin(), unlisted).await;
        assert_eq!(refused, Err(Failure::NotFound(Missing::Provider)));
    }
    assert_eq!(house.store.calls(Call::Disconnect), 0);
    disconnect(&app, &engine_for(&["metrics"]), "metrics").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_the_connection_ends_for_which_that_was_decided() {
    let house = House::new();
    let app = house.open();
    let (first, second) =
        (stored_as(&house, CredentialStatus::Validated), stored_as(&house, CredentialStatus::Validated));
    connect(&app, &admin(), first.id).await.unwrap();
    let held = house.store.faults().hold(Call::Disconnect);
    let slow = tokio::spawn({
        let app = app.clone();
        let reach = Reach { credentials: Some([first.id].into()), providers: None };
        async move { disconnect(&app, &service(&Scope::ALL, reach), "metrics").await }
    });
    held.reached().await;
    disconnect(&app, &admin(), "metrics").await.unwrap();
    let newer = connect(&app, &admin(), second.id).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::NotFound(Missing::Integration)), "it is another one now");
    let refused = connect(&app, &admin(), first.id).await.unwrap_err();
    assert!(matches!(refused, Failure::Conflict(_)), "the newer connection lasts");
    disconnect(&app, &admin(), "metrics").await.unwrap();
    let event = house.store.events(&acme()).pop().unwrap();
    assert_eq!((event.credential, event.target), (Some(second.id), Some(newer.id.to_string())));
}

#[tokio::test(start_paused = true)]
async fn a_newer_connection_within_reach_is_ended_in_its_own_name() {
    let house = House::new();
    let app = house.open();
    let stored = stored_as(&house, CredentialStatus::Validated);
    connect(&app, &admin(), stored.id).await.unwrap();
    let held = house.store.faults().hold(Call::Disconnect);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { disconnect(&app, &admin(), "metrics").await }
    });
    held.reached().await;
    disconnect(&app, &admin(), "metrics").await.unwrap();
    let newer = connect(&app, &admin(), stored.id).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Ok(()));
    let event = house.store.events(&acme()).pop().unwrap();
    assert_eq!(event.action, Action::IntegrationDisconnected);
    assert_eq!(event.target, Some(newer.id.to_string()));
    assert_eq!(house.store.events(&acme()).len(), 4);
}
