//! How long to wait after a refresh that failed.

use std::borrow::Cow;
use std::time::Duration;

use strongroom_application::Application;
use strongroom_authorization_server::{TokenError, Trouble};
use strongroom_domain::CredentialId;
use strongroom_fixtures::{Answer, instant};
use tokio::time::{Instant, sleep};

use super::{away, failing, pass, refresh, token};
use crate::house::{House, admin};

const SECOND: Duration = Duration::from_secs(1);

/// Fails `times` times, each time as soon as the next attempt is allowed, and returns the waits that the
/// callers were asked for.
async fn waits(house: &House, app: &Application, id: CredentialId, times: usize) -> Vec<Duration> {
    let mut waits = Vec::new();
    for _ in 0..times {
        house.server.next_token(failing());
        let wait = away(refresh(app, &admin(), id).await).unwrap();
        waits.push(wait);
        sleep(wait).await;
    }
    waits
}

#[tokio::test(start_paused = true)]
async fn the_waits_grow_from_a_second_to_five_minutes_and_are_spread_by_a_quarter() {
    let house = House::new();
    let granted = house.granted(1_000_000);
    let app = house.open();
    let waits = waits(&house, &app, granted.id, 11).await;
    assert_eq!(house.server.asked().len(), 11, "each was tried as soon as its wait was over");
    let steps = [1, 2, 4, 8, 15, 30, 60, 120, 300, 300, 300].map(Duration::from_secs);
    let spread: Vec<f64> =
        waits.iter().zip(steps).map(|(wait, step)| wait.as_secs_f64() / step.as_secs_f64()).collect();
    assert!(spread.iter().all(|factor| (0.75..=1.25).contains(factor)), "{spread:?}");
    assert!(spread.iter().any(|factor| *factor < 0.95), "{spread:?}");
    assert!(spread.iter().any(|factor| *factor > 1.05), "{spread:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_fifteen_seconds_while_there_is_no_valid_token() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let waits = waits(&house, &app, granted.id, 8).await;
    assert!(waits[3] < 11 * SECOND, "{waits:?}");
    assert!(waits[4] >= 11 * SECOND && waits[4] <= 15 * SECOND, "{waits:?}");
    assert_eq!(waits[5..], [15 * SECOND; 3]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_with_the_token() {
    let house = House::new();
    let granted = house.granted(900);
    let app = house.open();
    let before = waits(&house, &app, granted.id, 10).await;
    let left = (instant(900) - instant(0)).unsigned_abs().saturating_sub(before.iter().sum());
    assert!(left > 20 * SECOND && left < 200 * SECOND, "{left:?}: the usual wait would end after the token");
    let last = waits(&house, &app, granted.id, 1).await;
    assert!(last[0] <= left && last[0] + SECOND > left, "{last:?}, {left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_a_longer_wait_gets_it() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::busy(90 * SECOND));
    assert_eq!(away(token(&app, granted.id).await), Some(90 * SECOND));
    pass(89).await;
    assert!(away(token(&app, granted.id).await).unwrap() <= SECOND);
    assert_eq!(house.server.asked().len(), 1);
    pass(1).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_a_shorter_wait_is_not_met_with_a_storm() {
    let house = House::new();
    let granted = house.granted(10_000);
    let app = house.open();
    waits(&house, &app, granted.id, 5).await;
    house.server.next_token(Answer::error(TokenError::Transient {
        retry_after: Some(SECOND),
        may_have_been_served: false,
        trouble: Trouble::Passing,
        answer: None,
        cause: Cow::Borrowed("busy"),
    }));
    let wait = away(refresh(&app, &admin(), granted.id).await).unwrap();
    assert!(wait >= 22 * SECOND, "{wait:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_too_early_is_told_what_is_left_of_the_wait_in_every_instance() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    waits(&house, &here, granted.id, 4).await;
    house.server.next_token(failing());
    let wait = away(token(&here, granted.id).await).unwrap();
    let failed = Instant::now();
    pass(5).await;
    for app in [&here, &there] {
        let left = away(token(app, granted.id).await).unwrap();
        let expected = wait.saturating_sub(failed.elapsed());
        assert!(left <= expected + SECOND / 100 && left + SECOND / 100 >= expected, "{left:?} of {wait:?}");
    }
    assert_eq!(house.server.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_works_begins_the_waits_anew() {
    let house = House::new();
    let granted = house.granted(10_000);
    let app = house.open();
    let before = waits(&house, &app, granted.id, 5).await;
    assert!(before[4] > 10 * SECOND);
    refresh(&app, &admin(), granted.id).await.unwrap();
    let after = waits(&house, &app, granted.id, 1).await;
    assert!(after[0] < 2 * SECOND, "{after:?}");
}
