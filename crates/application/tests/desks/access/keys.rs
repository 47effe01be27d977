use strongroom_application::{Failure, Missing, NewApiKey};
use strongroom_domain::Action;
use strongroom_domain::service_account::PresentedApiKey;
use strongroom_fixtures::instant;

use super::{hire, issue, name, present};
use crate::house::{House, acme, admin, admitted, detail, violations};

#[tokio::test(start_paused = true)]
async fn a_token_has_a_public_half_and_256_random_bits_and_is_shown_once() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let (one, other) = (issue(&app, account.id).await, issue(&app, account.id).await);
    let parsed = PresentedApiKey::parse(one.token.expose()).unwrap();
    assert_eq!((&parsed.id, parsed.secret.len()), (&one.key.id, 43));
    assert!(one.key.id != other.key.id && one.key.digest != other.key.digest);
    assert!(!other.token.expose().ends_with(parsed.secret.expose()));
    let kept = app.access.list_keys(&admitted(&app, &admin()), account.id).await.unwrap();
    assert!(kept.contains(&one.key) && kept.contains(&other.key));
    assert!(!format!("{kept:?}").contains(parsed.secret.expose()), "only a digest is stored");
}

#[tokio::test(start_paused = true)]
async fn the_same_secret_in_another_account_is_no_key() {
    let house = House::new();
    let app = house.open();
    let (mine, other) = (hire(&app).await, hire(&app).await);
    let issued = issue(&app, mine.id).await;
    // An attacker with access to the database moves the row of the key to an account that may do more.
    let mut moved = issued.key.clone();
    moved.service_account = other.id;
    let store: &dyn strongroom_repository::ServiceAccountRepository = &house.store;
    let event = || strongroom_fixtures::event(&acme(), Action::ApiKeyCreated).into();
    store.delete_key(&acme(), mine.id, &issued.key.id, event()).await.unwrap();
    assert!(store.insert_key(&moved, event()).await.unwrap());
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), super::REFUSED);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_key_lies_in_the_future() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let caller = admitted(&app, &admin());
    let until = |expires_at| NewApiKey { name: name("ci"), expires_at: Some(expires_at) };
    for past in [instant(-1), instant(0)] {
        let refused = app.access.create_key(&caller, account.id, until(past)).await.unwrap_err();
        assert_eq!(violations(refused), ["expires_at must lie in the future"]);
    }
    let issued = app.access.create_key(&caller, account.id, until(instant(1))).await.unwrap();
    assert_eq!((issued.key.expires_at, issued.key.created_by.as_str()), (Some(instant(1)), "ann"));
}

#[tokio::test(start_paused = true)]
async fn keys_come_and_go_on_record_with_the_account_that_they_speak_for() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let issued = issue(&app, account.id).await;
    app.access.revoke_key(&admitted(&app, &admin()), account.id, &issued.key.id).await.unwrap();
    let events = house.store.events(&acme()).split_off(2);
    let found: Vec<_> = events.iter().map(|event| event.action).collect();
    assert_eq!(found, [Action::ApiKeyCreated, Action::ApiKeyRevoked]);
    for event in &events {
        assert_eq!(event.target.as_deref(), Some(issued.key.id.as_str()));
        assert_eq!(detail(event, "service_account"), account.id.to_string());
    }
    assert!(app.access.list_keys(&admitted(&app, &admin()), account.id).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_is_revoked_in_the_name_of_its_own_account() {
    let house = House::new();
    let app = house.open();
    let (mine, other) = (hire(&app).await, hire(&app).await);
    let issued = issue(&app, mine.id).await;
    let caller = admitted(&app, &admin());
    let missing = Err(Failure::NotFound(Missing::ApiKey));
    assert_eq!(app.access.revoke_key(&caller, other.id, &issued.key.id).await, missing);
    present(&app, issued.token.expose()).await.unwrap();
    app.access.revoke_key(&caller, mine.id, &issued.key.id).await.unwrap();
    assert_eq!(app.access.revoke_key(&caller, mine.id, &issued.key.id).await, missing);
}
