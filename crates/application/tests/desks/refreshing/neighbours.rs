//! What one organisation does to its neighbours: how many calls it has under way, and how many secrets of
//! unknown worth it tries.

use std::time::Duration;

use strongroom_application::{Application, Caller, Failure, NewContent, TestRates, UpdateCredential};
use strongroom_domain::{Credential, CredentialId, CredentialType, Role};
use strongroom_fixtures::{Answer, instant};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{away, pass, refresh, round, stored, token};
use crate::house::{House, admin, admitted, fields, user};

const RATES: TestRates = TestRates { per_user: 10, per_organization: 30, per_destination: 5 };
const SECOND: Duration = Duration::from_secs(1);

/// A house in which everything is counted.
fn counting() -> House {
    let mut house = House::new();
    house.settings.test_rates = Some(RATES);
    house
}

/// A grant that was refreshed before.
fn worked(house: &House) -> Credential {
    let mut granted = house.granted(3_600);
    granted.refreshed_at = Some(instant(0));
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    granted
}

fn admin_of(name: &str) -> Caller {
    user(name, "ann", Role::Admin)
}

fn asking(app: &Application, name: &str, id: CredentialId) -> JoinHandle<Result<Credential, Failure>> {
    let (app, caller) = (app.clone(), admin_of(name));
    tokio::spawn(async move { refresh(&app, &caller, id).await })
}

fn limited(answer: Result<Credential, Failure>) -> Option<(Duration, u32)> {
    match answer {
        Err(Failure::Limited { retry_after, allowance: Some(allowance) }) => {
            Some((retry_after, allowance.limit))
        }
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn eight_calls_of_an_organisation_are_under_way_and_others_are_not_held_up() {
    let house = House::new();
    let app = house.open();
    for _ in 0..8 {
        house.server.next_token(Answer::usual().after(9 * SECOND));
    }
    let flood: Vec<_> = (0..20).map(|_| asking(&app, "evil", house.granted_in("evil", -10).id)).collect();
    pass(1).await;
    assert_eq!(house.server.asked().len(), 8);
    let began = Instant::now();
    assert!(asking(&app, "victim", house.granted_in("victim", -10).id).await.unwrap().is_ok());
    assert!(began.elapsed() < SECOND);
    for call in flood {
        assert!(call.await.unwrap().is_ok(), "the others had their turn");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_ten_seconds_for_a_place_gets_none() {
    let house = House::new();
    let app = house.open();
    for _ in 0..8 {
        house.server.next_token(Answer::usual().after(15 * SECOND));
    }
    let calls: Vec<_> = (0..9).map(|_| asking(&app, "evil", house.granted_in("evil", -10).id)).collect();
    pass(11).await;
    assert_eq!(house.server.asked().len(), 8);
    let refused = calls.into_iter().next_back().unwrap().await.unwrap().unwrap_err();
    assert_eq!(refused, Failure::Limited { retry_after: SECOND, allowance: None });
}

#[tokio::test(start_paused = true)]
async fn the_background_refreshes_a_neighbour_while_a_slow_server_holds_the_places_of_twenty() {
    let house = House::new();
    let slow: Vec<_> = (0..20).flat_map(|number| vec![format!("evil-{number}"); 10]).collect();
    for name in &slow {
        house.granted_in(name, 20);
        house.server.next_token(Answer::lost().after(19 * SECOND));
    }
    let app = house.open();
    let background = round(&app);
    pass(1).await;
    assert_eq!(house.server.asked().len(), 160, "eight of each");
    // From here on the server answers; what it has taken is still under way.
    house.server.forget_next();
    let victims = [(); 40].map(|()| house.granted_in("victim", 20));
    pass(8).await;
    background.await.unwrap();
    round(&app).await.unwrap();
    assert!(victims.iter().all(|grant| stored(&house, grant.id).version == 2));
}

#[tokio::test(start_paused = true)]
async fn guesses_by_refreshes_take_from_the_budgets_of_tests() {
    let house = counting();
    let app = house.open();
    let mut guessed = house.granted_in("evil", -10);
    let mut refused = Vec::new();
    for guess in 0..20 {
        house.server.next_token(Answer::dead());
        guessed.version += 1;
        house.put(&guessed, &[("refresh_token", &format!("guess-{guess}"))]);
        refused.push(refresh(&app, &admin_of("evil"), guessed.id).await);
    }
    assert_eq!(house.server.asked().len(), 3, "the organisation's part of the destination");
    assert_eq!(limited(refused.pop().unwrap()), Some((60 * SECOND, 10)), "and its user has tried ten times");
    let other = house.granted_in("victim", -10);
    house.server.forget_next();
    assert!(refresh(&app, &admin_of("victim"), other.id).await.is_ok(), "a neighbour may try");
    pass(61).await;
    house.server.next_token(Answer::dead());
    refresh(&app, &admin_of("evil"), guessed.id).await.unwrap_err();
    assert_eq!(house.server.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn five_guesses_reach_a_destination_from_twenty_organisations() {
    let house = counting();
    let app = house.open();
    for number in 0..20 {
        let name = format!("evil-{number}");
        for _ in 0..5 {
            house.server.next_token(Answer::dead());
            refresh(&app, &admin_of(&name), house.granted_in(&name, -10).id).await.unwrap_err();
            house.server.forget_next();
        }
    }
    assert_eq!(house.server.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn good_secrets_are_not_counted_however_many_are_tried_at_once() {
    let house = counting();
    let app = house.open();
    for _ in 0..40 {
        house.server.next_token(Answer::usual().after(SECOND / 10));
    }
    let calls: Vec<_> = (0..40).map(|_| asking(&app, "acme", house.granted_in("acme", -10).id)).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_has_worked_is_not_counted() {
    let house = counting();
    let app = house.open();
    let granted = worked(&house);
    for _ in 0..40 {
        house.server.next_token(Answer::usual());
        refresh(&app, &admin(), granted.id).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_first_refresh_is_over_the_limit_is_told_when_to_come_back() {
    let house = counting();
    let app = house.open();
    for number in 0..4 {
        house.server.next_token(Answer::dead());
        let new = house.granted_in("acme", -10);
        let answer = token(&app, new.id).await;
        match number {
            0..3 => assert_eq!(away(answer), None),
            _ => assert_eq!(away(answer), Some(60 * SECOND)),
        }
    }
    assert_eq!(house.server.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn calls_about_which_a_server_says_nothing_leave_the_destination_to_others() {
    let house = counting();
    let app = house.open();
    for _ in 0..6 {
        house.server.next_token(super::transient(strongroom_authorization_server::Trouble::None));
        refresh(&app, &admin_of("evil"), house.granted_in("evil", -10).id).await.unwrap_err();
    }
    assert_eq!(house.server.asked().len(), 6);
    assert!(refresh(&app, &admin_of("victim"), house.granted_in("victim", -10).id).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn new_content_is_of_unknown_worth_again() {
    let house = counting();
    let app = house.open();
    let granted = worked(&house);
    for guess in 0..5 {
        let credentials = fields(&[("access_token", "a"), ("refresh_token", "guess")]);
        let content = NewContent { credential_type: CredentialType::Oauth2, credentials };
        let change = UpdateCredential { content: Some(content), ..UpdateCredential::default() };
        app.credentials.update(&admitted(&app, &admin()), granted.id, change).await.unwrap();
        house.server.next_token(Answer::app_refused());
        let answer = refresh(&app, &admin(), granted.id).await;
        assert_eq!(limited(answer).is_some(), guess >= 3, "guess {guess}");
        house.server.forget_next();
    }
}
