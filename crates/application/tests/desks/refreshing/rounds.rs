//! Rounds of the background refresh.

use std::time::Duration;

use strongroom_domain::{Credential, CredentialStatus, OauthAppId, StatusReason};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, instant};

use super::{ended, failing, outage, pass, round, secret, stored};
use crate::house::{House, acme};

/// `count` grants that are due, each with a refresh token of its own.
fn due(house: &House, count: usize) -> Vec<Credential> {
    let grants = (0..count).map(|number| {
        let granted = house.granted(50);
        house.put(&granted, &[("access_token", "old"), ("refresh_token", &format!("r{number}"))]);
        granted
    });
    grants.collect()
}

#[tokio::test(start_paused = true)]
async fn a_round_refreshes_what_is_due_and_nothing_else() {
    let house = House::new();
    let (due, later) = (house.granted(100), house.granted(101));
    round(&house.open()).await.unwrap();
    assert_eq!(stored(&house, due.id).version, 2);
    assert_eq!(stored(&house, later.id).version, 1);
    let next = stored(&house, due.id).refresh_at.unwrap();
    assert!(next > instant(2_500) && next < instant(2_900), "{next}");
    let event = &house.store.events(&acme())[0];
    assert_eq!((event.actor.as_str(), &event.origin.request_id), ("system:refresh", &None));
}

#[tokio::test(start_paused = true)]
async fn a_round_leaves_alone_what_was_put_off_since_it_was_found() {
    let house = House::new();
    let granted = house.granted(50);
    let app = house.open();
    let found = house.store.faults().hold_answer(Call::DueRefreshes);
    let background = round(&app);
    found.reached().await;
    let mut moved = stored(&house, granted.id);
    moved.refresh_at = Some(instant(40));
    house.put(&moved, &[("access_token", "old"), ("refresh_token", "r0")]);
    found.release();
    background.await.unwrap();
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_round_takes_pages_of_two_hundred_until_nothing_is_due() {
    let house = House::new();
    let grants = due(&house, 450);
    round(&house.open()).await.unwrap();
    assert!(grants.iter().all(|grant| stored(&house, grant.id).version == 2));
    assert_eq!(house.store.calls(Call::DueRefreshes), 3);
    assert_eq!(house.server.refreshes().len(), 450);
}

#[tokio::test(start_paused = true)]
async fn a_round_ends_when_nothing_that_is_due_can_be_refreshed() {
    let house = House::new();
    due(&house, 200);
    let app = house.open();
    house.store.faults().fail_every(Call::AcquireLease);
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::DueRefreshes), 50);
}

#[tokio::test(start_paused = true)]
async fn eight_grants_of_an_organisation_are_refreshed_at_once() {
    let house = House::new();
    due(&house, 16);
    for _ in 0..16 {
        house.server.next_token(Answer::usual().after(Duration::from_secs(3)));
    }
    let background = round(&house.open());
    pass(1).await;
    assert_eq!(house.server.asked().len(), 8);
    background.await.unwrap();
    pass(2).await;
    assert_eq!(house.server.asked().len(), 16, "the round is over, and its refreshes go on");
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_due_again_when_its_wait_is_over() {
    let house = House::new();
    let granted = house.granted(50);
    let app = house.open();
    house.server.next_token(failing());
    round(&app).await.unwrap();
    round(&app).await.unwrap();
    assert_eq!(house.server.asked().len(), 1);
    pass(2).await;
    round(&app).await.unwrap();
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_put_off_and_holds_up_no_other() {
    let house = House::new();
    let grants = due(&house, 120);
    let other = super::granted_by(&house, "crm", 90);
    let app = house.open();
    (0..8).for_each(|_| house.server.next_token(outage()));
    round(&app).await.unwrap();
    assert_eq!(stored(&house, other.id).version, 2, "it came on the second page");
    assert!(house.server.asked().len() <= 9, "{} requests", house.server.asked().len());
    assert!(grants.iter().all(|grant| stored(&house, grant.id).version == 1));
    pass(4).await;
    round(&app).await.unwrap();
    assert_eq!(house.server.asked().len(), 9, "none of them is due before the pause is over");
    pass(8).await;
    round(&app).await.unwrap();
    // The grants that found another caller trying have waited for one more pause.
    pass(11).await;
    round(&app).await.unwrap();
    assert!(grants.iter().all(|grant| stored(&house, grant.id).version == 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_put_off_is_no_attempt() {
    let house = House::new();
    let [one, two, three] = ended(&house);
    let app = house.open();
    for failed in [&one, &two] {
        house.server.next_token(outage());
        super::token(&app, failed.id).await.unwrap_err();
    }
    round(&app).await.unwrap();
    pass(11).await;
    house.server.next_token(Answer::doubtful());
    super::token(&app, three.id).await.unwrap_err();
    assert_eq!(stored(&house, three.id).status, CredentialStatus::Validated, "this was the first attempt");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_lost_its_server_is_put_off_for_five_minutes() {
    let mut house = House::new();
    let granted = house.granted(50);
    house.settings.catalog = house.settings.catalog.without("drive");
    let app = house.open();
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::AcquireLease), 1);
    pass(299).await;
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::AcquireLease), 1);
    pass(302).await;
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::AcquireLease), 2);
    assert_eq!(stored(&house, granted.id).status, CredentialStatus::Validated);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_stops_begins_no_round() {
    let house = House::new();
    due(&house, 1);
    let app = house.open();
    app.upkeep.drain();
    round(&app).await.unwrap();
    assert_eq!(house.store.history(), []);
}

#[tokio::test(start_paused = true)]
async fn a_round_that_is_under_way_begins_nothing_more_when_its_instance_stops() {
    let house = House::new();
    due(&house, 20);
    for _ in 0..8 {
        house.server.next_token(Answer::usual().after(Duration::from_secs(2)));
    }
    let app = house.open();
    let background = round(&app);
    pass(1).await;
    app.upkeep.drain();
    background.await.unwrap();
    assert_eq!(house.server.refreshes().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_ends_a_round() {
    let house = House::new();
    due(&house, 1);
    let app = house.open();
    house.store.faults().fail_next(Call::DueRefreshes, unavailable());
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::DueRefreshes), 1);
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn grants_without_their_app_are_left_for_a_minute_and_hold_up_no_other() {
    let mut house = House::new();
    house.settings.apps.retain(|app| *app != "drive");
    let mut orphan = house.granted(50);
    orphan.oauth_app = Some(OauthAppId::OPERATOR);
    house.put(&orphan, &[("access_token", "old"), ("refresh_token", "r0")]);
    let other = super::granted_by(&house, "crm", 60);
    let app = house.open();
    round(&app).await.unwrap();
    assert_eq!(stored(&house, other.id).version, 2);
    assert_eq!(
        stored(&house, orphan.id).status_reason.as_ref().map(StatusReason::as_str),
        Some("app_missing")
    );
    pass(58).await;
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::AcquireLease), 2, "the orphan once, the other once");
    pass(3).await;
    round(&app).await.unwrap();
    assert_eq!(house.store.calls(Call::AcquireLease), 3);
}
