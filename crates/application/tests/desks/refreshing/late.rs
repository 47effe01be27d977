//! Answers that are lost, and answers that come late.

use std::time::Duration;

use strongroom_application::{Conflict, Failure, UpdateCredential};
use strongroom_domain::{ConfigValue, CredentialName, CredentialStatus, CredentialType, Outcome};
use strongroom_fake_store::Call;
use strongroom_fixtures::Answer;
use tokio::time::Instant;

use super::{away, on_record, pass, reading, round, secret, status, stored, token};
use crate::house::{House, acme, admin, admitted};

const REFRESHED: (Outcome, String) = (Outcome::Success, String::new());

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_costs_nothing_where_refresh_tokens_stay() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.set_rotating(false);
    house.server.next_token(Answer::lost());
    assert!(away(token(&app, granted.id).await).is_some());
    pass(5).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-2");
    assert_eq!(house.server.refreshes(), ["r0", "r0"]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_died_with_the_answer_leaves_a_grant_that_says_so() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    let dead = house.store.faults().hold(Call::StoreRefreshed);
    let reader = reading(&here, granted.id);
    dead.reached().await;
    pass(31).await;
    let gone = Failure::Conflict(Conflict::ReauthorizationRequired);
    assert_eq!(token(&there, granted.id).await.unwrap_err(), gone);
    let ended = (CredentialStatus::NeedsReauth, Some("answer_lost".to_owned()));
    assert_eq!(status(&house, granted.id), ended);
    assert!(away(reader.await.unwrap()).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_all_mends_a_grant_that_was_given_up() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    let slow = house.store.faults().hold(Call::StoreRefreshed);
    let reader = reading(&here, granted.id);
    slow.reached().await;
    pass(31).await;
    token(&there, granted.id).await.unwrap_err();
    slow.release();
    pass(1).await;
    assert_eq!(token(&there, granted.id).await.unwrap(), "access-1");
    assert_eq!(status(&house, granted.id), (CredentialStatus::Validated, None));
    assert!(reader.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_stored_when_nobody_else_has_refreshed() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let slow = house.store.faults().hold(Call::StoreRefreshed);
    let reader = reading(&app, granted.id);
    slow.reached().await;
    pass(45).await;
    assert_eq!(house.store.lease_holder(granted.id), None, "its lease has run out");
    slow.release();
    assert!(reader.await.unwrap().is_err());
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_put_over_an_edit_that_kept_its_refresh_token() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let reader = reading(&app, granted.id);
    held.reached().await;
    let mut edited = stored(&house, granted.id);
    (edited.version, edited.revision) = (2, 2);
    edited.config.insert("note", ConfigValue::Text("edited".to_owned()));
    house.put(&edited, &[("access_token", "old"), ("refresh_token", "r0"), ("note", "n-1")]);
    held.release();
    assert_eq!(reader.await.unwrap().unwrap(), "access-1");
    let stored = stored(&house, granted.id);
    assert_eq!((stored.version, stored.revision), (3, 2));
    assert!(stored.config.get("note").is_some(), "the edit is kept");
    assert_eq!(secret(&house, granted.id, "note").unwrap(), "n-1");
    assert_eq!(secret(&house, granted.id, "refresh_token").unwrap(), "refresh-1");
    assert_eq!(on_record(&house), [REFRESHED]);
    assert_eq!(house.store.events(&acme())[0].version, Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_new_name_given_meanwhile_is_kept() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let reader = reading(&app, granted.id);
    held.reached().await;
    let name = CredentialName::parse("renamed").unwrap();
    let change = UpdateCredential { name: Some(name.clone()), ..UpdateCredential::default() };
    app.credentials.update(&admitted(&app, &admin()), granted.id, change).await.unwrap();
    held.release();
    assert_eq!(reader.await.unwrap().unwrap(), "access-1");
    let stored = stored(&house, granted.id);
    assert_eq!((stored.name, stored.revision), (name, 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_never_goes_over_new_content() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let background = round(&app);
    held.reached().await;
    let mut replaced = stored(&house, granted.id);
    (replaced.version, replaced.revision) = (2, 2);
    house.put(&replaced, &[("access_token", "new"), ("refresh_token", "r-new")]);
    held.release();
    background.await.unwrap();
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "new");
    assert_eq!(secret(&house, granted.id, "refresh_token").unwrap(), "r-new");
    assert_eq!((stored(&house, granted.id).version, on_record(&house)), (2, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_token_never_goes_over_a_credential_of_another_type() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let background = round(&app);
    held.reached().await;
    let mut replaced = stored(&house, granted.id);
    (replaced.version, replaced.credential_type) = (2, CredentialType::ClientCredentials);
    house.put(&replaced, &[("client_secret", "s-1"), ("refresh_token", "r0")]);
    held.release();
    background.await.unwrap();
    assert_eq!(secret(&house, granted.id, "access_token"), None);
    assert_eq!(on_record(&house), []);
}

#[tokio::test(start_paused = true)]
async fn a_token_never_goes_over_one_that_another_refresh_brought() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let background = round(&app);
    held.reached().await;
    // Another instance has refreshed with the same refresh token, which stays at this provider.
    let mut refreshed = stored(&house, granted.id);
    (refreshed.version, refreshed.refreshed_at) = (2, Some(strongroom_fixtures::instant(1)));
    house.put(&refreshed, &[("access_token", "theirs"), ("refresh_token", "r0")]);
    held.release();
    background.await.unwrap();
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "theirs");
    assert_eq!(on_record(&house), []);
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_credential_was_deleted_is_dropped() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let background = round(&app);
    held.reached().await;
    app.credentials.delete(&admitted(&app, &admin()), granted.id, None, false).await.unwrap();
    let began = Instant::now();
    held.release();
    background.await.unwrap();
    assert_eq!(house.store.credential(granted.id), None);
    assert!(began.elapsed() < Duration::from_secs(1), "nothing is waited for");
    assert_eq!(on_record(&house), []);
}

#[tokio::test(start_paused = true)]
async fn new_tokens_are_kept_for_a_minute_while_the_store_is_away() {
    for (seconds, is_kept) in [(59, true), (62, false)] {
        let house = House::new();
        let granted = house.granted(-10);
        let app = house.open();
        house.store.faults().fail_every(Call::StoreRefreshed);
        let background = round(&app);
        pass(seconds).await;
        house.store.faults().heal();
        background.await.unwrap();
        pass(1).await;
        let kept = secret(&house, granted.id, "access_token").unwrap() == "access-1";
        assert_eq!(kept, is_kept, "after {seconds} seconds");
        assert_eq!(on_record(&house).len(), usize::from(is_kept));
    }
}

#[tokio::test(start_paused = true)]
async fn the_life_of_a_token_is_counted_from_before_it_was_asked_for() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(5)));
    let slow = house.store.faults().hold(Call::StoreRefreshed);
    let background = round(&app);
    slow.reached().await;
    pass(10).await;
    slow.release();
    background.await.unwrap();
    let end = stored(&house, granted.id).access_token_expires_at.unwrap();
    assert!(end < strongroom_fixtures::instant(3_601), "{end}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_store_that_got_lost_is_no_second_refresh() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.store.faults().lose_answer(Call::StoreRefreshed);
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(on_record(&house), [REFRESHED]);
    assert_eq!(stored(&house, granted.id).version, 2);
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_on_record_together_with_its_token() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    token(&app, granted.id).await.unwrap();
    let events = house.store.events(&acme());
    assert_eq!(
        events.iter().map(|event| event.action.as_str()).collect::<Vec<_>>(),
        ["credential.refreshed", "secret.read"]
    );
    let sealed = house.store.sealed(granted.id).unwrap();
    let digest = strongroom_vault::Vault::envelope_digest(&*house.vault, &sealed);
    assert_eq!((events[0].version, events[0].envelope_digest), (Some(2), Some(digest)));
    assert_eq!(events[0].actor.as_str(), "system:refresh");
}
