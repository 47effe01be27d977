//! Deletions: a tombstone names what was deleted, and nothing else is deleted.

use std::time::Duration;

use strongroom_application::{
    Application, Caller, Conflict, ConnectIntegration, Connecting, Failure, Missing, NewContent,
    UpdateCredential,
};
use strongroom_domain::{Action, Credential, CredentialId, CredentialStatus, CredentialType, Role, Slot};
use strongroom_fake_store::Call;
use strongroom_fixtures::credential;
use strongroom_repository::StoreError;

use crate::house::{House, acme, admin, admitted, engine_for, fields, member, user};

async fn delete(
    app: &Application,
    caller: &Caller,
    id: CredentialId,
    expected: Option<u64>,
) -> Result<(), Failure> {
    app.credentials.delete(&admitted(app, caller), id, expected, false).await
}

async fn edit(app: &Application, id: CredentialId) -> Credential {
    let content =
        NewContent { credential_type: CredentialType::ApiKey, credentials: fields(&[("api_key", "k-2")]) };
    let change = UpdateCredential { content: Some(content), ..UpdateCredential::default() };
    app.credentials.update(&admitted(app, &admin()), id, change).await.unwrap()
}

/// Begins a deletion, does `meanwhile` while its call waits at the store, and returns the result.
async fn overtaken(
    house: &House,
    app: &Application,
    id: CredentialId,
    expected: Option<u64>,
    meanwhile: impl AsyncFnOnce(),
) -> Result<(), Failure> {
    let held = house.store.faults().hold(Call::DeleteCredential);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { delete(&app, &member(), id, expected).await }
    });
    held.reached().await;
    meanwhile().await;
    held.release();
    slow.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_names_what_is_gone() {
    let house = House::new();
    let app = house.open();
    let (gone, stays) = (house.stored(), house.stored());
    delete(&app, &member(), gone.id, None).await.unwrap();
    assert_eq!(house.store.credential(gone.id), None);
    assert_eq!(house.store.credential(stays.id), Some(stays));
    let events = house.store.events(&acme());
    let [tombstone] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(tombstone.action, Action::CredentialDeleted);
    assert_eq!((tombstone.credential, tombstone.version), (Some(gone.id), Some(1)));
    assert_eq!((tombstone.provider.as_ref(), &tombstone.actor), (Some(&gone.provider), &member().actor));
    let again = delete(&app, &member(), gone.id, None).await;
    assert_eq!(again, Err(Failure::NotFound(Missing::Credential)));
}

#[tokio::test(start_paused = true)]
async fn who_expects_another_revision_deletes_nothing() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let refused = delete(&app, &member(), stored.id, Some(2)).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::StaleRevision)));
    assert_eq!(house.store.credential(stored.id).as_ref(), Some(&stored));
    delete(&app, &member(), stored.id, Some(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_for_somebody_is_not_deleted_by_them() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    for caller in [user("globex", "eve", Role::Admin), engine_for(&["sftp"])] {
        let refused = delete(&app, &caller, stored.id, None).await;
        assert_eq!(refused, Err(Failure::NotFound(Missing::Credential)));
    }
    assert_eq!(house.store.credential(stored.id), Some(stored));
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_with_its_credential_and_says_so() {
    let house = House::new();
    let app = house.open();
    let mut stored = house.stored();
    stored.status = CredentialStatus::Validated;
    house.put(&stored, &[("api_key", "k-1")]);
    let asked = ConnectIntegration {
        provider: "metrics".into(),
        credential_id: Some(stored.id),
        ..ConnectIntegration::default()
    };
    let connected = app.connections.connect(&admitted(&app, &admin()), asked).await.unwrap();
    let Connecting::Connected(integration) = connected else { panic!("{connected:?}") };
    delete(&app, &member(), stored.id, None).await.unwrap();
    let events = house.store.events(&acme()).split_off(1);
    let [tombstone, disconnected] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(tombstone.action, Action::CredentialDeleted);
    assert_eq!(disconnected.action, Action::IntegrationDisconnected);
    assert_eq!(disconnected.credential, Some(stored.id));
    assert_eq!(disconnected.target, Some(integration.id.to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_an_edit_overtook_names_the_content_that_it_destroyed() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let edited = async || drop(edit(&app, stored.id).await);
    overtaken(&house, &app, stored.id, None, edited).await.unwrap();
    assert_eq!(house.store.credential(stored.id), None);
    let tombstone = house.store.events(&acme()).pop().unwrap();
    assert_eq!((tombstone.action, tombstone.version), (Action::CredentialDeleted, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_of_a_revision_that_was_overtaken_does_not_happen() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let edited = async || drop(edit(&app, stored.id).await);
    let refused = overtaken(&house, &app, stored.id, Some(1), edited).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::StaleRevision)));
    assert_eq!(house.store.credential(stored.id).unwrap().version, 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_deletions_one_finds_it() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let deleted = async || delete(&app, &admin(), stored.id, None).await.unwrap();
    let late = overtaken(&house, &app, stored.id, None, deleted).await;
    assert_eq!(late, Err(Failure::NotFound(Missing::Credential)));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted], "there is one tombstone");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_starts_over_for_two_seconds() {
    let house = House::new();
    let app = house.open();
    house.store.faults().delay(Call::DeleteCredential, Duration::from_millis(700));
    for lost_races in [2, 3] {
        for _ in 0..lost_races {
            house.store.faults().fail_next(Call::DeleteCredential, StoreError::StaleVersion);
        }
        let began = tokio::time::Instant::now();
        let answer = delete(&app, &member(), house.stored().id, None).await;
        let expected = if lost_races == 2 { Ok(()) } else { Err(Failure::unavailable()) };
        assert_eq!((answer, began.elapsed()), (expected, Duration::from_millis(2_100)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_crm_dialect_deletes_what_it_sees_and_nothing_else() {
    let house = House::new();
    let app = house.open();
    let mut crm = credential(&acme(), house.ids.credential());
    crm.slot = Some(Slot::crm(&crm.provider));
    house.put(&crm, &[("password", "p")]);
    let mut moved = credential(&acme(), house.ids.credential());
    moved.slot = Some(Slot::from_stored("crm/other".to_owned()));
    house.put(&moved, &[("password", "p")]);
    let unseen = house.stored();
    let caller = admitted(&app, &member());
    for id in [unseen.id, moved.id] {
        let refused = app.crm.delete(&caller, id, None).await;
        assert_eq!(refused, Err(Failure::NotFound(Missing::Credential)));
    }
    let refused = app.crm.delete(&caller, crm.id, Some(7)).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::StaleRevision)));
    app.crm.delete(&caller, crm.id, Some(1)).await.unwrap();
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
    assert!(house.store.credential(unseen.id).is_some() && house.store.credential(crm.id).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_refused_revokes_nothing_and_gives_the_lease_back() {
    let house = House::new();
    let app = house.open();
    let granted = house.granted(3_600);
    let caller = admitted(&app, &member());
    let refused = app.credentials.delete(&caller, granted.id, Some(2), true).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::StaleRevision)));
    assert_eq!(house.store.lease_holder(granted.id), None);
    assert!(house.server.asked().is_empty());
    app.credentials.delete(&caller, granted.id, Some(1), true).await.unwrap();
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted, Action::GrantRevoked]);
    assert_eq!(house.server.asked().len(), 1);
}
