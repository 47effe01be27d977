//! Rows that do not open, and ports that fail during a refresh.

use std::time::Duration;

use strongroom_application::{Failure, NewOauthApp};
use strongroom_domain::{Action, ConfigValue, CredentialStatus, Outcome};
use strongroom_fake_store::{Call, unavailable};
use strongroom_vault::VaultError;

use super::{away, pass, refresh, round, secret, status, token};
use crate::house::{House, acme, admin, admitted};

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_open_is_on_record_and_left_alone_for_ten_minutes() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let moved = |row: &mut strongroom_repository::SealedCredential| {
        row.credential.config.insert("scope", ConfigValue::Text("everything".to_owned()));
    };
    assert!(house.store.tamper(granted.id, moved));
    assert_eq!(token(&app, granted.id).await.unwrap_err(), Failure::Internal);
    let events = house.store.events(&acme());
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, events[0].outcome), (Action::IntegrityFailed, Outcome::Failed));
    assert_eq!((events[0].actor.as_str(), events[0].credential), ("system:refresh", Some(granted.id)));
    pass(599).await;
    assert!(away(token(&app, granted.id).await).is_some());
    assert_eq!(house.vault.opens(), 1);
    pass(1).await;
    token(&app, granted.id).await.unwrap_err();
    assert_eq!(house.vault.opens(), 2);
    assert_eq!(status(&house, granted.id).0, CredentialStatus::Validated, "a person may mend it");
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_away_is_tried_again_after_a_second() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.vault.fail_next_open(VaultError::Unavailable("busy".into()));
    assert_eq!(token(&app, granted.id).await.unwrap_err(), Failure::unavailable());
    assert!(away(token(&app, granted.id).await).unwrap() <= Duration::from_secs(1));
    pass(1).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialRefreshed, Action::SecretRead]);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_looked_up_is_tried_again_after_a_second() {
    let house = House::new();
    let mut granted = house.granted(-10);
    let app = house.open();
    let new = NewOauthApp { provider: "drive".into(), client_id: "own".into(), client_secret: None };
    let own = app.authorizing.create_app(&admitted(&app, &admin()), new).await.unwrap();
    granted.oauth_app = Some(own.app.id);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    house.store.faults().fail_next(Call::FindApp, unavailable());
    assert_eq!(token(&app, granted.id).await.unwrap_err(), Failure::unavailable());
    pass(1).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(house.server.asked()[0].client, Some(("own".to_owned(), None)));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_sealed_is_tried_again_like_one_that_cannot_be_stored() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.vault.fail_next_seal(VaultError::Unavailable("busy".into()));
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn a_problem_that_cannot_be_put_on_record_is_not_noted_either() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.set_away(true);
    house.store.faults().fail_next(Call::NoteProblem, unavailable());
    assert_eq!(token(&app, granted.id).await.unwrap_err(), Failure::unavailable());
    assert_eq!(status(&house, granted.id), (CredentialStatus::Validated, None));
    assert_eq!(house.store.events(&acme()), []);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_a_refresh_is_told_that_it_is_ours_to_mend() {
    let house = House::new();
    let (broken, away) = (house.granted(3_600), house.granted(3_600));
    let app = house.open();
    house.vault.fail_next_open(VaultError::Integrity);
    assert_eq!(refresh(&app, &admin(), broken.id).await.unwrap_err(), Failure::Internal);
    house.store.faults().fail_next(Call::AcquireLease, unavailable());
    assert_eq!(refresh(&app, &admin(), away.id).await.unwrap_err(), Failure::unavailable());
}

#[tokio::test(start_paused = true)]
async fn a_round_goes_on_with_the_others_when_a_row_does_not_open() {
    let house = House::new();
    let [broken, good] = super::ended(&house);
    let app = house.open();
    house.store.tamper(broken.id, |row| row.sealed.envelope.push(0));
    round(&app).await.unwrap();
    assert_eq!(secret(&house, good.id, "access_token").unwrap(), "access-1");
    assert_eq!(house.store.actions(&acme()), [Action::IntegrityFailed, Action::CredentialRefreshed]);
}
