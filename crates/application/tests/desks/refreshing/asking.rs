//! Refreshes that a caller asks for.

use std::time::Duration;

use strongroom_application::{Conflict, Failure, Missing};
use strongroom_domain::{Action, CredentialStatus, OauthAppId, Outcome, RefreshProblem, Role, Rule};
use strongroom_fake_store::Call;
use strongroom_fixtures::Answer;
use tokio::time::Instant;
use uuid::Uuid;

use super::{away, failing, machine, pass, reading, refresh, stored, token};
use crate::house::{House, acme, admin, engine_for, user};

fn nothing_to_refresh() -> Failure {
    let rule = Rule::fixed("must be a credential with a refresh token, or with client credentials");
    Failure::invalid(rule.on("credential_id"))
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_whatever_its_age_in_the_name_of_who_asks() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    let fresh = refresh(&app, &admin(), granted.id).await.unwrap();
    assert_eq!((fresh.version, Some(fresh)), (2, house.store.credential(granted.id)));
    let events = house.store.events(&acme());
    assert_eq!((events[0].action, events[0].outcome), (Action::CredentialRefreshed, Outcome::Success));
    assert_eq!(events[0].actor, admin().actor);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_refreshed_is_refused_without_asking_anybody() {
    let house = House::new();
    let (key, bare) = (house.stored(), house.granted(3_600));
    house.put(&bare, &[("access_token", "old")]);
    let app = house.open();
    assert_eq!(refresh(&app, &admin(), key.id).await.unwrap_err(), nothing_to_refresh());
    assert_eq!(house.store.history(), [Call::FindCredential]);
    assert_eq!(refresh(&app, &admin(), bare.id).await.unwrap_err(), nothing_to_refresh());
    assert_eq!((house.server.asked().len(), house.store.events(&acme())), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn pending_grants_are_not_refreshed() {
    let house = House::new();
    let app = house.open();
    let mut granted = house.granted(3_600);
    granted.status = CredentialStatus::Pending;
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    let refused = refresh(&app, &admin(), granted.id).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::AuthorizationPending));
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_has_ended_is_tried_once_more_when_somebody_asks() {
    let house = House::new();
    let app = house.open();
    let granted = house.granted(-10);
    let gone = Failure::Conflict(Conflict::ReauthorizationRequired);
    house.server.next_token(Answer::dead());
    assert_eq!(token(&app, granted.id).await.unwrap_err(), gone);
    house.server.next_token(Answer::dead());
    for _ in 0..3 {
        assert_eq!(refresh(&app, &admin(), granted.id).await.unwrap_err(), gone);
    }
    assert_eq!(house.server.asked().len(), 2, "one request gets around the wait");
    pass(61).await;
    let fresh = refresh(&app, &admin(), granted.id).await.unwrap();
    assert_eq!((fresh.status, fresh.status_reason), (CredentialStatus::Validated, None));
    assert!(fresh.refresh_at.is_some(), "the background goes on with it");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_a_test_found_wrong_can_be_refreshed() {
    let house = House::new();
    let mut granted = house.granted(3_600);
    granted.status = CredentialStatus::Rejected;
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    let fresh = refresh(&house.open(), &admin(), granted.id).await.unwrap();
    assert_eq!(fresh.status, CredentialStatus::Validated);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_is_told_what_a_person_has_to_do() {
    let house = House::new();
    let (refused, mut missing) = (house.granted(3_600), house.granted(3_600));
    missing.oauth_app = Some(OauthAppId(Uuid::from_u128(404)));
    house.put(&missing, &[("access_token", "old"), ("refresh_token", "r1")]);
    let app = house.open();
    house.server.next_token(Answer::app_refused());
    house.server.next_token(Answer::app_refused());
    let cases = [(refused.id, RefreshProblem::AppRefused), (missing.id, RefreshProblem::AppMissing)];
    for (id, problem) in cases {
        let told = Failure::invalid(Rule::fixed(problem.next_step()).on("provider"));
        assert_eq!(refresh(&app, &admin(), id).await.unwrap_err(), told);
        let again = refresh(&app, &admin(), id).await.unwrap_err();
        assert_eq!(again, told, "after one more attempt, because the app may have been set right");
        assert_eq!(refresh(&app, &admin(), id).await.unwrap_err(), told, "and again while that is known");
    }
    assert_eq!(house.server.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_turns_out_to_be_dead_has_to_be_authorised_again() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    house.server.next_token(Answer::dead());
    let refused = refresh(&app, &admin(), granted.id).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::ReauthorizationRequired));
    assert_eq!(token(&app, granted.id).await.unwrap(), "old", "which is valid, and still read");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_waits_twelve_seconds_and_the_refresh_goes_on() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(14)));
    let began = Instant::now();
    assert_eq!(away(refresh(&app, &admin(), granted.id).await), Some(Duration::from_secs(1)));
    assert_eq!(began.elapsed().as_secs(), 12);
    pass(3).await;
    assert_eq!(stored(&house, granted.id).version, 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_while_a_refresh_is_under_way_gets_what_that_brings() {
    let house = House::new();
    let granted = house.granted(60);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(2)));
    let reader = reading(&app, granted.id);
    pass(1).await;
    assert_eq!(refresh(&app, &admin(), granted.id).await.unwrap().version, 2);
    assert_eq!(reader.await.unwrap().unwrap(), "access-1");
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_gets_around_the_wait_after_a_failure_once() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    for _ in 0..2 {
        house.server.next_token(failing());
    }
    assert!(away(token(&app, granted.id).await).is_some());
    assert!(away(token(&app, granted.id).await).is_some());
    assert_eq!(house.server.asked().len(), 1, "a reader waits");
    assert!(away(refresh(&app, &admin(), granted.id).await).is_some());
    assert_eq!(house.server.asked().len(), 2);
    assert!(away(refresh(&app, &admin(), granted.id).await).is_some());
    assert_eq!(house.server.asked().len(), 2);
    pass(3).await;
    assert_eq!(refresh(&app, &admin(), granted.id).await.unwrap().version, 2);
}

#[tokio::test(start_paused = true)]
async fn client_credentials_that_were_refused_are_tried_when_a_person_asks() {
    let house = House::new();
    let client = machine(&house);
    let app = house.open();
    house.server.next_token(Answer::app_refused());
    token(&app, client.id).await.ok();
    assert_eq!(stored(&house, client.id).status_reason.unwrap().as_str(), "client_refused");
    assert_eq!(refresh(&app, &admin(), client.id).await.unwrap().version, 2);
}

#[tokio::test(start_paused = true)]
async fn what_lies_beyond_reach_or_in_another_organisation_is_not_found() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    for caller in [engine_for(&["metrics"]), user("globex", "gil", Role::Admin)] {
        let refused = refresh(&app, &caller, granted.id).await.unwrap_err();
        assert_eq!(refused, Failure::NotFound(Missing::Credential));
    }
    assert_eq!(house.server.asked(), []);
}
