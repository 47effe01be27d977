//! The tokens that readers get, and how long they wait for them.

use std::time::Duration;

use strongroom_application::{Failure, Selector, to};
use strongroom_domain::{CredentialStatus, OauthAppId};
use strongroom_fake_store::Call;
use strongroom_fixtures::{Answer, instant, token_response};
use tokio::time::Instant;

use super::{away, machine, outage, pass, reading, round, secret, stored, token, token_for};
use crate::house::{House, admitted, engine};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_before_it_is_read_when_less_than_two_minutes_are_left() {
    for (left, handed_out) in [(121, "old"), (119, "access-1")] {
        let house = House::new();
        let granted = house.granted(left);
        assert_eq!(token(&house.open(), granted.id).await.unwrap(), handed_out, "{left} s are left");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_needs_a_longer_life_gets_a_fresh_token() {
    for (wanted, handed_out) in [(900, "old"), (1_100, "access-1")] {
        let house = House::new();
        let granted = house.granted(1_000);
        let wanted_for = Some(Duration::from_secs(wanted));
        let got = token_for(&house.open(), granted.id, wanted_for).await.unwrap();
        assert_eq!(got, handed_out, "wanted for {wanted} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_wants_more_than_any_token_has_does_not_refresh_at_every_read() {
    let house = House::new();
    let granted = house.granted(1_000);
    let app = house.open();
    for _ in 0..3 {
        assert_eq!(token_for(&app, granted.id, Some(99_999 * SECOND)).await.unwrap(), "access-1");
    }
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_with_a_valid_token_waits_three_seconds_for_a_better_one() {
    let house = House::new();
    let granted = house.granted(60);
    let app = house.open();
    house.server.next_token(Answer::usual().after(10 * SECOND));
    let began = Instant::now();
    assert_eq!(token(&app, granted.id).await.unwrap(), "old");
    assert_eq!(began.elapsed().as_secs(), 3);
    pass(8).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1", "the refresh went on");
}

#[tokio::test(start_paused = true)]
async fn a_reader_without_a_valid_token_waits_twelve_seconds() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::usual().after(15 * SECOND));
    let began = Instant::now();
    assert_eq!(away(token(&app, granted.id).await), Some(SECOND));
    assert_eq!(began.elapsed().as_secs(), 12);
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(began.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_is_served_while_the_provider_is_away_and_an_ended_one_is_not() {
    let house = House::new();
    let granted = house.granted(60);
    let app = house.open();
    house.server.set_away(true);
    assert_eq!(token(&app, granted.id).await.unwrap(), "old");
    pass(59).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "old");
    pass(1).await;
    assert!(away(token(&app, granted.id).await).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_is_served_while_no_lease_can_be_had() {
    let house = House::new();
    let (valid, ended) = (house.granted(60), house.granted(-10));
    let app = house.open();
    house.store.faults().fail_every(Call::AcquireLease);
    assert_eq!(token(&app, valid.id).await.unwrap(), "old");
    assert_eq!(token(&app, ended.id).await.unwrap_err(), Failure::unavailable());
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn client_credentials_are_handed_out_whatever_becomes_of_their_token() {
    let house = House::new();
    let machine = machine(&house);
    let app = house.open();
    house.server.next_token(Answer::usual().after(10 * SECOND));
    let began = Instant::now();
    let caller = admitted::<to::ReadSecrets>(&app, &engine());
    let opened = app.credentials.read(&caller, Selector::Id(machine.id), None).await.unwrap();
    assert_eq!(opened.secret.get("client_secret").unwrap().expose(), "s-1");
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_client_credentials_is_fetched_with_what_is_stored() {
    let house = House::new();
    let machine = machine(&house);
    assert_eq!(token(&house.open(), machine.id).await.unwrap(), "access-1");
    let asked = house.server.asked();
    assert_eq!(asked[0].client, Some(("robot".to_owned(), Some("s-1".to_owned()))));
    assert_eq!(secret(&house, machine.id, "client_secret").unwrap(), "s-1");
    assert!(stored(&house, machine.id).refresh_at.is_some(), "the background goes on with it");
}

#[tokio::test(start_paused = true)]
async fn client_credentials_without_a_token_get_one_at_their_first_read() {
    let house = House::new();
    let mut machine = machine(&house);
    (machine.access_token_expires_at, machine.refresh_at) = (None, None);
    house.put(&machine, &[("client_secret", "s-1")]);
    assert_eq!(token(&house.open(), machine.id).await.unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_token_of_client_credentials_whose_life_nobody_knows_is_handed_out_for_an_hour() {
    let house = House::new();
    let mut machine = machine(&house);
    (machine.access_token_expires_at, machine.refresh_at) = (None, None);
    house.put(&machine, &[("client_secret", "s-1")]);
    let app = house.open();
    for token_name in ["at-1", "at-2"] {
        house.server.next_token(Answer::token(token_response(token_name, None, None)));
    }
    for _ in 0..3 {
        assert_eq!(token(&app, machine.id).await.unwrap(), "at-1");
        pass(1_000).await;
    }
    assert_eq!((house.server.asked().len(), stored(&house, machine.id).version), (1, 2));
    assert_eq!(stored(&house, machine.id).access_token_expires_at, None);
    pass(700).await;
    assert_eq!(token(&app, machine.id).await.unwrap(), "at-2");
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_stored_by_hand_are_handed_out_as_they_are_where_there_is_no_app() {
    let mut house = House::new();
    house.settings.apps.clear();
    let by_hand = house.granted(-10);
    let mut by_flow = house.granted(-10);
    by_flow.oauth_app = Some(OauthAppId::OPERATOR);
    house.put(&by_flow, &[("access_token", "old"), ("refresh_token", "r0")]);
    let app = house.open();
    assert_eq!(token(&app, by_hand.id).await.unwrap(), "old", "its owner may refresh it elsewhere");
    assert_eq!(away(token(&app, by_flow.id).await), Some(30 * SECOND));
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_stored_by_hand_are_refreshed_with_the_operators_app() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    token(&app, granted.id).await.unwrap();
    let client = house.server.asked()[0].client.clone();
    assert_eq!(client, Some(("drive-client".to_owned(), Some("operator-secret".to_owned()))));
    house.server.next_token(outage());
    let other = house.granted(-10);
    assert!(away(token(&app, other.id).await).is_some(), "and not handed out when that fails");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_joined_a_refresh_which_was_not_needed_gets_its_own() {
    let house = House::new();
    let granted = house.granted(700);
    let app = house.open();
    house.clock.shift(instant(601) - instant(0));
    let held = house.store.faults().hold(Call::FindSealed);
    let background = round(&app);
    held.reached().await;
    let mut changed = stored(&house, granted.id);
    changed.refresh_at = Some(instant(5_000));
    house.put(&changed, &[("access_token", "old"), ("refresh_token", "r0")]);
    let read = reading(&app, granted.id);
    pass(1).await;
    held.release();
    assert_eq!(read.await.unwrap().unwrap(), "access-1");
    background.await.unwrap();
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_whose_tokens_end_at_once_is_asked_twice_for_a_read_and_not_more() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.set_lifetime(Some(Duration::ZERO));
    assert_eq!(away(token(&app, granted.id).await), Some(SECOND));
    assert_eq!(house.server.refreshes(), ["r0", "refresh-1"]);
}

#[tokio::test(start_paused = true)]
async fn what_will_not_be_refreshed_is_read_without_a_detour() {
    let mut house = House::new();
    let mut ended = house.granted(60);
    ended.status = CredentialStatus::NeedsReauth;
    house.put(&ended, &[("access_token", "old"), ("refresh_token", "r0")]);
    let app = house.open();
    assert_eq!(token(&app, ended.id).await.unwrap(), "old");
    assert_eq!(house.store.history(), [Call::FindSealed, Call::AppendEvents]);
    let mut drive = (*house.settings.catalog.provider("drive")).clone();
    drive.oauth = None;
    house.settings.catalog = house.settings.catalog.with(drive);
    let (app, by_hand) = (house.open(), house.granted(60));
    assert_eq!(token(&app, by_hand.id).await.unwrap(), "old");
    assert_eq!(house.store.calls(Call::FindSealed), 2);
}
