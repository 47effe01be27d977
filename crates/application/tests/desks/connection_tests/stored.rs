//! Stored credentials are tested, and the finding is kept with them.

use std::time::Duration;

use strongroom_application::{Application, Conflict, Failure, Missing, NewContent, Tested, UpdateCredential};
use strongroom_domain::crm::DSN;
use strongroom_domain::{
    Action, Credential, CredentialId, CredentialStatus, CredentialType, Outcome, StatusReason, TestCode,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, TestAnswer, instant, provider};
use strongroom_provider_tester::{Cause, Verdict};

use crate::house::{House, acme, admin, admitted, engine_for, fields, member};

async fn test(app: &Application, id: CredentialId) -> Result<Tested, Failure> {
    app.connection_tests.test_stored(&admitted(app, &member()), id, None).await
}

fn row(house: &House, credential: &Credential) -> Credential {
    house.store.credential(credential.id).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_found_is_kept_together_with_its_event() {
    let house = House::new();
    let stored = house.stored();
    let app = house.open();
    house.clock.shift(instant(5) - instant(0));
    test(&app, stored.id).await.unwrap();
    let row = row(&house, &stored);
    assert_eq!((row.status, row.last_test_code), (CredentialStatus::Validated, Some(TestCode::Ok)));
    assert_eq!((row.last_tested_at, row.revision), (Some(instant(5)), stored.revision));
    let events = house.store.events(&acme());
    assert_eq!(house.store.actions(&acme()), [Action::CredentialTested]);
    assert_eq!((events[0].credential, events[0].version), (Some(stored.id), Some(1)));
    assert_eq!((events[0].outcome, events[0].actor.clone()), (Outcome::Success, member().actor));
    assert_eq!(house.store.calls(Call::AppendEvents), 0, "in one commit with the finding");
    assert_eq!(house.tester.tested()[0].secret["api_key"], "k-1");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_makes_it_rejected_and_what_says_nothing_keeps_its_status() {
    let cases = [
        (TestCode::AuthRejected, CredentialStatus::Rejected, Some("The key is revoked.")),
        (TestCode::InvalidConfig, CredentialStatus::Validated, None),
        (TestCode::ProviderError, CredentialStatus::Validated, None),
        (TestCode::NotReachable, CredentialStatus::Validated, None),
        (TestCode::Insufficient, CredentialStatus::Validated, None),
    ];
    for (code, status, reason) in cases {
        let house = House::new();
        let mut stored = house.stored();
        stored.status = CredentialStatus::Validated;
        house.put(&stored, &[("api_key", "k-1")]);
        house.tester.next(TestAnswer::verdict(Verdict::of(code).saying("The key is revoked.")));
        test(&house.open(), stored.id).await.unwrap();
        let row = row(&house, &stored);
        assert_eq!(
            (row.status, row.status_reason.as_ref().map(StatusReason::as_str)),
            (status, reason),
            "{code:?}"
        );
        assert_eq!(row.last_test_code, Some(code));
    }
}

#[tokio::test(start_paused = true)]
async fn a_finding_of_content_that_was_replaced_meanwhile_is_on_record_and_not_kept() {
    let house = House::new();
    let stored = house.stored();
    let app = house.open();
    let cause = Cause::Policy("private address".to_owned());
    let (answer, held) = TestAnswer::verdict(Verdict::of(TestCode::AuthRejected).because(cause)).held();
    house.tester.next(answer);
    let testing = tokio::spawn({
        let app = app.clone();
        async move { test(&app, stored.id).await }
    });
    held.reached().await;
    let credentials = fields(&[("api_key", "k-2")]);
    let content = Some(NewContent { credential_type: CredentialType::ApiKey, credentials });
    let change = UpdateCredential { content, ..UpdateCredential::default() };
    app.credentials.update(&admitted(&app, &admin()), stored.id, change).await.unwrap();
    held.release();
    assert_eq!(testing.await.unwrap().unwrap().report.code, TestCode::AuthRejected);
    let row = row(&house, &stored);
    assert_eq!((row.status, row.last_test_code), (CredentialStatus::Unverified, None));
    let events = house.store.events(&acme());
    let expected = [Action::CredentialUpdated, Action::CredentialTested, Action::EgressRefused];
    assert_eq!(house.store.actions(&acme()), expected);
    assert!(events[1..].iter().all(|event| event.details["superseded"] == "true"));
    assert_eq!(events[1].version, Some(1), "it is about the content that was tested");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_ended_is_refreshed_before_its_test() {
    let house = House::new();
    let granted = house.granted(-10);
    test(&house.open(), granted.id).await.unwrap();
    assert_eq!(house.tester.tested()[0].secret["access_token"], "access-1");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialRefreshed, Action::CredentialTested]);
    assert_eq!(row(&house, &granted).last_test_code, Some(TestCode::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_could_not_be_refreshed_is_tested_as_it_is() {
    let house = House::new();
    let granted = house.granted(-10);
    house.server.set_away(true);
    house.tester.next(TestAnswer::code(TestCode::AuthRejected));
    test(&house.open(), granted.id).await.unwrap();
    assert_eq!(house.tester.tested()[0].secret["access_token"], "old");
    assert_eq!(row(&house, &granted).status, CredentialStatus::Rejected);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_has_ended_stays_so_whatever_a_test_finds() {
    let house = House::new();
    let granted = house.granted(-10);
    house.server.next_token(Answer::dead());
    test(&house.open(), granted.id).await.unwrap();
    let row = row(&house, &granted);
    assert_eq!(
        (row.status, row.status_reason.as_ref().map(StatusReason::as_str)),
        (CredentialStatus::NeedsReauth, Some("grant_refused"))
    );
    assert_eq!(row.last_test_code, Some(TestCode::Ok));
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_beyond_reach_or_of_another_kind_is_not_tested() {
    let house = House::new();
    let (stored, mut pending) = (house.stored(), house.granted(60));
    pending.status = CredentialStatus::Pending;
    house.put(&pending, &[("access_token", "a")]);
    let app = house.open();
    let refused = test(&app, pending.id).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::AuthorizationPending));
    let caller = admitted(&app, &engine_for(&["sftp"]));
    let refused = app.connection_tests.test_stored(&caller, stored.id, None).await.unwrap_err();
    assert_eq!(refused, Failure::NotFound(Missing::Credential));
    let caller = admitted(&app, &member());
    let kinds: &[&str] = &["sftp", "drive"];
    let Failure::Invalid(violations) =
        app.connection_tests.test_stored(&caller, stored.id, Some(kinds)).await.unwrap_err()
    else {
        panic!("it is neither");
    };
    assert_eq!(violations[0].field, "credential_id");
    assert!(violations[0].to_string().contains("sftp, drive"), "{}", violations[0]);
    assert_eq!((house.tester.tested().len(), house.vault.opens()), (0, 0));
    app.connection_tests.test_stored(&caller, stored.id, Some(&["metrics"])).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_has_no_test_says_so_and_keeps_what_it_has() {
    let house = House::new();
    let mut granted = house.granted(3_600);
    granted.provider = provider("desk");
    house.put(&granted, &[("access_token", "a")]);
    let Failure::Invalid(violations) = test(&house.open(), granted.id).await.unwrap_err() else {
        panic!("desk has a test");
    };
    assert_eq!(violations[0].field, "provider");
    assert_eq!((row(&house, &granted), house.store.events(&acme())), (granted, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_cannot_be_put_on_record_is_not_kept() {
    let house = House::new();
    let stored = house.stored();
    house.store.faults().fail_next(Call::RecordTest, unavailable());
    assert_eq!(test(&house.open(), stored.id).await.unwrap_err(), Failure::unavailable());
    assert_eq!((row(&house, &stored), house.store.events(&acme())), (stored, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_open_is_on_record_and_sent_nowhere() {
    let house = House::new();
    let stored = house.stored();
    house.store.tamper(stored.id, |row| row.sealed.envelope.push(0));
    assert_eq!(test(&house.open(), stored.id).await.unwrap_err(), Failure::Internal);
    assert_eq!(house.store.actions(&acme()), [Action::IntegrityFailed]);
    assert_eq!(house.store.events(&acme())[0].actor, member().actor);
    assert_eq!(house.tester.tested(), []);
}

#[tokio::test(start_paused = true)]
async fn a_credential_whose_provider_left_the_catalog_is_ours_to_mend() {
    let mut house = House::new();
    let stored = house.stored();
    house.settings.catalog = house.settings.catalog.without("metrics");
    assert_eq!(test(&house.open(), stored.id).await.unwrap_err(), Failure::Internal);
    assert_eq!(house.vault.opens(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_policy_is_on_record_about_the_credential() {
    let house = House::new();
    let stored = house.stored();
    let cause = Cause::Policy("private address".to_owned());
    house.tester.next(TestAnswer::verdict(Verdict::of(TestCode::NotReachable).because(cause)));
    test(&house.open(), stored.id).await.unwrap();
    let events = house.store.events(&acme());
    assert_eq!(house.store.actions(&acme()), [Action::CredentialTested, Action::EgressRefused]);
    assert!(events.iter().all(|event| event.credential == Some(stored.id)));
    assert_eq!(house.store.calls(Call::AppendEvents), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_refresh_is_not_waited_for_long_before_a_test_of_a_token_that_lives() {
    let house = House::new();
    let granted = house.granted(60);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(10)));
    let began = tokio::time::Instant::now();
    test(&app, granted.id).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 3);
    assert_eq!(house.tester.tested()[0].secret["access_token"], "old");
}

#[tokio::test(start_paused = true)]
async fn a_crm_credential_that_leads_elsewhere_than_its_test_is_not_tested() {
    let house = House::new();
    let mut stored = house.stored();
    (stored.provider, stored.credential_type) = (provider("crm"), CredentialType::ApiKey);
    house.put(&stored, &[("api_key", "k-1")]);
    let app = house.open();
    test(&app, stored.id).await.unwrap();
    house.put(&stored, &[("api_key", "k-1"), (DSN, "https://elsewhere.example.test")]);
    assert!(matches!(test(&app, stored.id).await, Err(Failure::Invalid(_))));
    assert_eq!(house.tester.tested().len(), 1);
}
