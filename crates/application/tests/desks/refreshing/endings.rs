//! Grants that are dead, and apps and client credentials that are refused.

use std::time::Duration;

use strongroom_application::{Conflict, Failure};
use strongroom_domain::oauth::DOUBT;
use strongroom_domain::{
    Action, Actor, CredentialStatus, CredentialType, OauthAppId, Outcome, RefreshProblem,
};
use strongroom_fake_store::Call;
use strongroom_fixtures::{Answer, instant};
use tokio::time::Instant;
use uuid::Uuid;

use super::{away, granted_by, on_record, pass, reading, refresh, round, status, stored, token};
use crate::house::{House, acme, admin, admitted};

const NEEDS_REAUTH: CredentialStatus = CredentialStatus::NeedsReauth;

#[tokio::test(start_paused = true)]
async fn a_grant_that_is_dead_beyond_doubt_ends_at_once() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::dead());
    let gone = Failure::Conflict(Conflict::ReauthorizationRequired);
    assert_eq!(token(&app, granted.id).await.unwrap_err(), gone);
    assert_eq!(status(&house, granted.id), (NEEDS_REAUTH, Some("grant_refused".to_owned())));
    assert_eq!(stored(&house, granted.id).refresh_at, None, "the background leaves it alone");
    pass(3_600).await;
    assert_eq!(token(&app, granted.id).await.unwrap_err(), gone);
    assert_eq!(house.server.asked().len(), 1, "nobody asks again");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_ended_is_on_record_with_reason_and_next_step() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::dead());
    token(&app, granted.id).await.unwrap_err();
    let events = house.store.events(&acme());
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!((event.action, event.outcome), (Action::CredentialRefreshed, Outcome::Denied));
    assert_eq!(event.actor, Actor::system("refresh"));
    assert_eq!((event.credential, event.version), (Some(granted.id), Some(1)));
    assert_eq!(event.details["reason"], "grant_refused");
    assert_eq!(event.details["next_step"], RefreshProblem::GrantRefused.next_step());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_servers_say_by_mistake_ends_a_grant_only_the_second_time() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::doubtful());
    let wait = away(token(&app, granted.id).await).unwrap();
    let doubted = (CredentialStatus::Validated, Some("grant_doubted".to_owned()));
    assert_eq!((status(&house, granted.id), wait >= DOUBT), (doubted, true));
    tokio::time::sleep(wait).await;
    house.server.next_token(Answer::doubtful());
    token(&app, granted.id).await.unwrap_err();
    assert_eq!(status(&house, granted.id), (NEEDS_REAUTH, Some("grant_refused".to_owned())));
    let doubted = (Outcome::Failed, "grant_doubted".to_owned());
    assert_eq!(on_record(&house), [doubted, (Outcome::Denied, "grant_refused".to_owned())]);
    let details = &house.store.events(&acme())[0].details;
    let answer = (details["provider_status"].as_str(), details["provider_code"].as_str());
    assert_eq!(answer, ("400", "invalid_grant_for_now"));
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_within_the_time_of_doubt_ends_nothing() {
    let house = House::new();
    let granted = house.granted(100_000);
    let app = house.open();
    for _ in 0..2 {
        house.server.next_token(Answer::doubtful());
        refresh(&app, &admin(), granted.id).await.unwrap_err();
    }
    assert_eq!(house.server.asked().len(), 2, "somebody asked, and got around the wait once");
    assert_eq!(status(&house, granted.id).0, CredentialStatus::Validated);
    pass(60).await;
    assert_eq!(refresh(&app, &admin(), granted.id).await.unwrap().version, 2, "the provider is well again");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_and_a_refusal_that_passes_do_not_end_a_grant() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::lost());
    house.server.next_token(Answer::doubtful());
    house.server.next_token(Answer::usual());
    for _ in 0..2 {
        let wait = away(token(&app, granted.id).await).unwrap();
        tokio::time::sleep(wait).await;
    }
    assert_eq!(house.server.asked().len(), 2);
    assert_eq!(status(&house, granted.id).0, CredentialStatus::Validated);
}

#[tokio::test(start_paused = true)]
async fn two_such_refusals_with_a_refresh_between_them_end_nothing() {
    let house = House::new();
    let granted = house.granted(100_000);
    let app = house.open();
    house.server.next_token(Answer::doubtful());
    house.server.next_token(Answer::usual());
    house.server.next_token(Answer::doubtful());
    for _ in 0..3 {
        refresh(&app, &admin(), granted.id).await.ok();
        pass(2).await;
    }
    assert_eq!(house.server.asked().len(), 3);
    assert_eq!(status(&house, granted.id).0, CredentialStatus::Validated);
}

#[tokio::test(start_paused = true)]
async fn before_a_grant_is_given_up_its_row_is_read_again() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::dead().held();
    house.server.next_token(answer);
    let read = reading(&app, granted.id);
    held.reached().await;
    let mut newer = stored(&house, granted.id);
    (newer.version, newer.access_token_expires_at) = (2, Some(instant(3_600)));
    house.put(&newer, &[("access_token", "newer"), ("refresh_token", "r1")]);
    held.release();
    assert_eq!(read.await.unwrap().unwrap(), "newer");
    assert_eq!(status(&house, granted.id), (CredentialStatus::Validated, None));
    assert_eq!(on_record(&house), []);
    assert_eq!(house.store.calls(Call::NoteProblem), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ended_without_a_refresh_token_needs_a_person_and_a_valid_one_does_not() {
    let house = House::new();
    let (ended, valid) = (house.granted(-10), house.granted(60));
    house.put(&ended, &[("access_token", "old")]);
    house.put(&valid, &[("access_token", "old")]);
    let app = house.open();
    token(&app, ended.id).await.unwrap_err();
    assert_eq!(status(&house, ended.id), (NEEDS_REAUTH, Some("no_refresh_token".to_owned())));
    assert_eq!(token(&app, valid.id).await.unwrap(), "old");
    assert_eq!(status(&house, valid.id), (CredentialStatus::Validated, None));
    assert_eq!(on_record(&house), [(Outcome::Denied, "no_refresh_token".to_owned())]);
    assert_eq!(house.store.lease_holder(valid.id), None);
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_app_is_gone_lives_on_and_is_tried_once_a_minute() {
    let house = House::new();
    let mut granted = house.granted(-10);
    granted.oauth_app = Some(OauthAppId(Uuid::from_u128(404)));
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    let app = house.open();
    for _ in 0..3 {
        assert_eq!(away(token(&app, granted.id).await), Some(Duration::from_secs(30)));
        pass(19).await;
    }
    assert_eq!(house.vault.opens(), 1, "it is left alone for a minute");
    pass(3).await;
    assert!(away(token(&app, granted.id).await).is_some());
    assert_eq!(house.vault.opens(), 2);
    assert_eq!(status(&house, granted.id), (CredentialStatus::Validated, Some("app_missing".to_owned())));
    assert_eq!(on_record(&house), [(Outcome::Denied, "app_missing".to_owned())], "said once");
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_refused_is_left_alone_for_a_minute_and_after_many_times_for_five() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (mut asked_at, began) = (Vec::new(), Instant::now());
    for number in 1..=8 {
        house.server.next_token(Answer::app_refused());
        while house.server.asked().len() < number {
            assert!(began.elapsed() < Duration::from_secs(3_600), "nobody asks any more");
            assert_eq!(away(token(&app, granted.id).await), Some(Duration::from_secs(30)));
            pass(1).await;
        }
        asked_at.push(house.server.asked()[number - 1].at);
    }
    let gap = |pair: &[Instant]| (pair[1] - pair[0]).as_secs();
    let gaps: Vec<u64> = asked_at.windows(2).map(gap).collect();
    assert_eq!(gaps, [60, 60, 60, 60, 60, 60, 300]);
    assert_eq!(status(&house, granted.id), (CredentialStatus::Validated, Some("app_refused".to_owned())));
    assert_eq!(on_record(&house), [(Outcome::Denied, "app_refused".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_app_was_refused_refreshes_when_the_app_is_right_again() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::app_refused());
    token(&app, granted.id).await.unwrap_err();
    pass(60).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(status(&house, granted.id), (CredentialStatus::Validated, None));
}

#[tokio::test(start_paused = true)]
async fn client_credentials_that_are_refused_are_left_alone_for_an_hour() {
    let house = House::new();
    let mut machine = granted_by(&house, "machines", -10);
    machine.credential_type = CredentialType::ClientCredentials;
    let secrets = [("client_id", "robot"), ("client_secret", "s-1"), ("access_token", "old")];
    house.put(&machine, &secrets);
    let app = house.open();
    house.server.next_token(Answer::dead());
    assert_eq!(token(&app, machine.id).await.unwrap(), "old", "they are handed out all the same");
    assert_eq!(status(&house, machine.id), (CredentialStatus::Rejected, Some("client_refused".to_owned())));
    assert_eq!(on_record(&house), [(Outcome::Denied, "client_refused".to_owned())]);
    pass(3_599).await;
    assert_eq!(token(&app, machine.id).await.unwrap(), "old");
    assert_eq!(house.server.asked().len(), 1);
    pass(1).await;
    assert_eq!(token(&app, machine.id).await.unwrap(), "access-1");
    assert_eq!(status(&house, machine.id), (CredentialStatus::Validated, None));
}

#[tokio::test(start_paused = true)]
async fn new_client_credentials_are_tried_at_once() {
    let house = House::new();
    let mut machine = granted_by(&house, "machines", -10);
    machine.credential_type = CredentialType::ClientCredentials;
    let secrets = |secret| [("client_id", "robot"), ("client_secret", secret), ("access_token", "old")];
    house.put(&machine, &secrets("s-1"));
    let app = house.open();
    house.server.next_token(Answer::app_refused());
    token(&app, machine.id).await.unwrap();
    let mut stored = stored(&house, machine.id);
    stored.version = 2;
    house.put(&stored, &secrets("s-2"));
    assert_eq!(token(&app, machine.id).await.unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_deleted_meanwhile_ends_quietly() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::dead().held();
    house.server.next_token(answer);
    let background = round(&app);
    held.reached().await;
    app.credentials.delete(&admitted(&app, &admin()), granted.id, None, false).await.unwrap();
    held.release();
    background.await.unwrap();
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
    assert_eq!(house.store.calls(Call::NoteProblem), 0);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_another_instance_has_found_dead_is_not_asked_for_again() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    house.store.faults().spare_next(Call::FindSealed);
    let held = house.store.faults().hold(Call::FindSealed);
    let read = reading(&here, granted.id);
    held.reached().await;
    house.server.next_token(Answer::dead());
    token(&there, granted.id).await.unwrap_err();
    pass(61).await;
    held.release();
    pass(1).await;
    assert!(read.await.unwrap().is_err());
    assert_eq!(house.server.asked().len(), 1);
}
