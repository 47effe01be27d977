//! Secrets are returned only after their reads are on record.

use std::time::Duration;

use strongroom_application::{
    Application, Caller, Conflict, Failure, Missing, OpenedCredential, Selector, StoreCredential, to,
};
use strongroom_domain::{Action, CredentialStatus, CredentialType, Outcome};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::instant;

use crate::house::{House, acme, admitted, engine, engine_for, fields, member};

async fn read(app: &Application, caller: &Caller, selector: Selector) -> Result<OpenedCredential, Failure> {
    app.credentials.read(&admitted::<to::ReadSecrets>(app, caller), selector, None).await
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_opened_after_its_read_is_durable() {
    let house = House::new();
    let (app, stored) = (house.open(), house.stored());
    let held = house.store.faults().hold(Call::AppendEvents);
    let task = tokio::spawn({
        let (app, id) = (app.clone(), stored.id);
        async move { read(&app, &engine(), Selector::Id(id)).await }
    });
    held.reached().await;
    assert_eq!(house.vault.opens(), 0, "nothing is opened while the event is on its way");
    held.release();
    let opened = task.await.unwrap().unwrap();
    assert_eq!(opened.secret.get("api_key").unwrap().expose(), "k-1");
    assert_eq!(house.vault.opens(), 1);
    let events = house.store.events(&acme());
    assert_eq!((events[0].action, events[0].outcome), (Action::SecretRead, Outcome::Success));
    assert_eq!(events[0].credential, Some(stored.id));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_cannot_be_put_on_record_hands_nothing_out() {
    let house = House::new();
    let (app, stored) = (house.open(), house.stored());
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    let refused = read(&app, &engine(), Selector::Id(stored.id)).await.unwrap_err();
    assert!(matches!(refused, Failure::Unavailable { .. }), "{refused:?}");
    assert_eq!(house.vault.opens(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_two_seconds_for_its_record_and_not_longer() {
    let house = House::new();
    let (app, stored) = (house.open(), house.stored());
    house.store.faults().delay(Call::AppendEvents, Duration::from_secs(60));
    let began = tokio::time::Instant::now();
    let refused = read(&app, &engine(), Selector::Id(stored.id)).await.unwrap_err();
    assert!(matches!(refused, Failure::Unavailable { .. }), "{refused:?}");
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(house.vault.opens(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_lies_beyond_a_callers_reach_does_not_exist_for_it() {
    let house = House::new();
    let (app, stored) = (house.open(), house.stored());
    let refused = read(&app, &engine_for(&["sftp"]), Selector::Id(stored.id)).await.unwrap_err();
    assert_eq!(refused, Failure::NotFound(Missing::Credential));
    assert!(read(&app, &engine_for(&["metrics"]), Selector::Id(stored.id)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_pending_credential_is_not_read() {
    let house = House::new();
    let app = house.open();
    let mut pending = house.granted(3_600);
    pending.status = CredentialStatus::Pending;
    house.put(&pending, &[("access_token", "a")]);
    let refused = read(&app, &engine(), Selector::Id(pending.id)).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::AuthorizationPending));
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_has_ended_is_read_as_long_as_its_token_lives() {
    let house = House::new();
    let app = house.open();
    let mut ended = house.granted(60);
    ended.status = CredentialStatus::NeedsReauth;
    house.put(&ended, &[("access_token", "a")]);
    assert!(read(&app, &engine(), Selector::Id(ended.id)).await.is_ok());
    house.clock.shift(instant(61) - instant(0));
    let refused = read(&app, &engine(), Selector::Id(ended.id)).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::ReauthorizationRequired));
}

#[tokio::test(start_paused = true)]
async fn what_was_stored_is_what_is_read() {
    let house = House::new();
    let app = house.open();
    let new = StoreCredential {
        provider: "METRICS".into(),
        credential_type: CredentialType::ApiKey,
        credentials: fields(&[("api_key", "k-2")]),
        name: None,
        expires_at: None,
        slot: None,
        test: false,
    };
    let stored = app.credentials.store(&admitted(&app, &member()), new).await.unwrap();
    let opened = read(&app, &engine(), Selector::Id(stored.id)).await.unwrap();
    assert_eq!(opened.secret.get("api_key").unwrap().expose(), "k-2");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated, Action::SecretRead]);
}
