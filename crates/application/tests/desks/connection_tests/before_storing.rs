//! New content is tested before it is stored; each finding decides whether it is stored.

use strongroom_application::{
    Application, Conflict, Failure, NewContent, StoreCredential, TestRates, UpdateCredential,
};
use strongroom_domain::connection_test::HOST_KEY_FINGERPRINT;
use strongroom_domain::{
    Action, ConfigValue, Credential, CredentialStatus, CredentialType, Outcome, Submission, TestCode,
    TestMeaning,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{TestAnswer, credential};
use strongroom_provider_tester::Verdict;
use strongroom_repository::StoreError;

use super::{login, pass};
use crate::house::{House, acme, admin, admitted, fields};

const SEEN: &str = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn new(provider: &str, credential_type: CredentialType, credentials: Submission) -> StoreCredential {
    StoreCredential {
        provider: provider.to_owned(),
        credential_type,
        credentials,
        name: None,
        expires_at: None,
        slot: None,
        test: true,
    }
}

async fn store(app: &Application, new: StoreCredential) -> Result<Credential, Failure> {
    app.credentials.store(&admitted(app, &admin()), new).await
}

async fn store_login(app: &Application) -> Result<Credential, Failure> {
    store(app, new("sftp", CredentialType::UserPassword, login())).await
}

async fn update(app: &Application, id: strongroom_domain::CredentialId) -> Result<Credential, Failure> {
    let credentials = login();
    let content = Some(NewContent { credential_type: CredentialType::UserPassword, credentials });
    let change = UpdateCredential { content, test: true, ..UpdateCredential::default() };
    app.credentials.update(&admitted(app, &admin()), id, change).await
}

/// A login that is stored, with another password than [`login`].
fn stored_login(house: &House) -> Credential {
    let mut stored = credential(&acme(), house.ids.credential());
    stored.config.insert("username", ConfigValue::Text("etl".to_owned()));
    stored.status = CredentialStatus::Validated;
    house.put(&stored, &[("password", "old")]);
    stored
}

fn password(house: &House, credential: &Credential) -> String {
    let sealed = house.store.sealed(credential.id).unwrap();
    house.vault.look_into(&sealed).unwrap().remove("password").unwrap()
}

/// A finding of a test that has seen the server's host key.
fn seeing(code: TestCode) -> TestAnswer {
    let facts = [(HOST_KEY_FINGERPRINT, SEEN.to_owned())].into();
    TestAnswer::verdict(Verdict::of(code).with_facts(facts))
}

fn pinned(credential: &Credential) -> Option<&ConfigValue> {
    credential.config.get(HOST_KEY_FINGERPRINT)
}

#[tokio::test(start_paused = true)]
async fn content_that_works_is_stored_as_validated_with_its_test() {
    for code in [TestCode::Ok, TestCode::Insufficient] {
        let house = House::new();
        let app = house.open();
        house.tester.next(TestAnswer::code(code));
        let stored = store_login(&app).await.unwrap();
        assert_eq!((stored.status, stored.last_test_code), (CredentialStatus::Validated, Some(code)));
        assert!(stored.last_tested_at.is_some());
        assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated, Action::CredentialTested]);
        let tested = &house.store.events(&acme())[1];
        assert_eq!((tested.credential, tested.outcome), (Some(stored.id), Outcome::Success));
    }
}

#[tokio::test(start_paused = true)]
async fn new_content_that_is_refused_or_does_not_fit_is_not_stored_and_its_test_is_on_record() {
    for code in
        [TestCode::AuthRejected, TestCode::HostKeyMismatch, TestCode::TlsFailed, TestCode::InvalidConfig]
    {
        let house = House::new();
        let app = house.open();
        house.tester.next(TestAnswer::code(code));
        let Failure::Rejected(report) = store_login(&app).await.unwrap_err() else {
            panic!("{code:?} was stored");
        };
        assert_eq!(report.code, code);
        assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested]);
        assert_eq!((house.store.calls(Call::InsertCredential), house.vault.seals()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn new_content_that_nobody_looked_at_is_stored_unverified() {
    for code in [TestCode::NotReachable, TestCode::Timeout, TestCode::ProviderError, TestCode::RateLimited] {
        let house = House::new();
        let app = house.open();
        house.tester.next(TestAnswer::code(code));
        let stored = store_login(&app).await.unwrap();
        assert_eq!((stored.status, stored.last_test_code), (CredentialStatus::Unverified, Some(code)));
        assert_eq!(house.store.events(&acme())[1].outcome, Outcome::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn content_that_works_replaces_the_old_one() {
    let house = House::new();
    let old = stored_login(&house);
    let updated = update(&house.open(), old.id).await.unwrap();
    assert_eq!((updated.status, updated.version), (CredentialStatus::Validated, 2));
    assert_eq!(password(&house, &old), "hunter2");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialUpdated, Action::CredentialTested]);
    assert_eq!(house.store.events(&acme())[1].version, Some(2));
}

#[tokio::test(start_paused = true)]
async fn content_that_does_not_work_or_that_nobody_looked_at_replaces_nothing() {
    for code in TestCode::ALL.into_iter().filter(|code| code.meaning() != TestMeaning::Works) {
        let house = House::new();
        let old = stored_login(&house);
        house.tester.next(TestAnswer::code(code));
        let refused = update(&house.open(), old.id).await.unwrap_err();
        let report = match (code.meaning(), refused) {
            (TestMeaning::Unanswered, Failure::Upstream(report)) => report,
            (TestMeaning::Rejected | TestMeaning::Misconfigured, Failure::Rejected(report)) => report,
            (_, other) => panic!("{code:?}: {other:?}"),
        };
        assert_eq!(report.code, code);
        assert_eq!(house.store.credential(old.id), Some(old.clone()));
        assert_eq!(password(&house, &old), "old");
        assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_cannot_be_put_on_record_tells_nothing() {
    let house = House::new();
    let app = house.open();
    house.tester.next(TestAnswer::code(TestCode::AuthRejected));
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    assert_eq!(store_login(&app).await.unwrap_err(), Failure::unavailable());
}

#[tokio::test(start_paused = true)]
async fn the_host_key_that_a_good_login_has_seen_is_pinned() {
    let house = House::new();
    let app = house.open();
    house.tester.next(seeing(TestCode::Ok));
    let stored = store_login(&app).await.unwrap();
    assert_eq!(pinned(&stored), Some(&ConfigValue::Text(SEEN.to_owned())));
    assert_eq!(house.store.credential(stored.id), Some(stored));
}

#[tokio::test(start_paused = true)]
async fn the_host_key_of_who_answered_without_a_good_login_is_not_pinned() {
    for code in [TestCode::Timeout, TestCode::ProviderError, TestCode::RateLimited] {
        let house = House::new();
        let app = house.open();
        house.tester.next(seeing(code));
        assert_eq!(pinned(&store_login(&app).await.unwrap()), None, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_key_that_the_caller_names_is_never_replaced_by_one_that_was_seen() {
    let house = House::new();
    let app = house.open();
    let mut credentials = login();
    credentials.extend(fields(&[("host_key_fingerprint", "SHA256:named")]));
    house.tester.next(seeing(TestCode::Ok));
    let stored = store(&app, new("sftp", CredentialType::UserPassword, credentials)).await.unwrap();
    assert_eq!(pinned(&stored), Some(&ConfigValue::Text("SHA256:named".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_a_field_for_it_gets_no_host_key() {
    let house = House::new();
    let app = house.open();
    house.tester.next(seeing(TestCode::Ok));
    let credentials = fields(&[("api_key", "k-1")]);
    let stored = store(&app, new("metrics", CredentialType::ApiKey, credentials)).await.unwrap();
    assert_eq!(pinned(&stored), None);
}

#[tokio::test(start_paused = true)]
async fn a_host_key_that_was_pinned_goes_into_the_test_of_new_content_for_the_same_server() {
    let house = House::new();
    let mut old = stored_login(&house);
    old.config.insert(HOST_KEY_FINGERPRINT, ConfigValue::Text("SHA256:pinned".to_owned()));
    house.put(&old, &[("password", "old")]);
    house.tester.next(seeing(TestCode::Ok));
    let updated = update(&house.open(), old.id).await.unwrap();
    let expected = ConfigValue::Text("SHA256:pinned".to_owned());
    assert_eq!(house.tester.tested()[0].config.get(HOST_KEY_FINGERPRINT), Some(&expected));
    assert_eq!(pinned(&updated), Some(&expected));
}

#[tokio::test(start_paused = true)]
async fn what_has_no_test_is_stored_unverified() {
    let house = House::new();
    let app = house.open();
    let credentials = fields(&[("access_token", "a"), ("subdomain", "north")]);
    let stored = store(&app, new("desk", CredentialType::Oauth2, credentials)).await.unwrap();
    assert_eq!((stored.status, stored.last_test_code), (CredentialStatus::Unverified, None));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated]);
}

#[tokio::test(start_paused = true)]
async fn the_test_of_a_credential_that_the_store_did_not_take_is_on_record() {
    let failures = [
        (StoreError::QuotaExceeded, Failure::Conflict(Conflict::QuotaExceeded { limit: Some(10) })),
        (unavailable(), Failure::unavailable()),
    ];
    for (error, expected) in failures {
        let house = House::new();
        let app = house.open();
        house.store.faults().fail_next(Call::InsertCredential, error);
        assert_eq!(store_login(&app).await.unwrap_err(), expected);
        assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested]);
        assert_eq!(house.store.events(&acme())[0].credential, None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_test_of_an_update_that_came_too_late_is_on_record() {
    let house = House::new();
    let old = stored_login(&house);
    let app = house.open();
    let (answer, held) = TestAnswer::code(TestCode::Ok).held();
    house.tester.next(answer);
    let change = tokio::spawn({
        let app = app.clone();
        async move { update(&app, old.id).await }
    });
    held.reached().await;
    app.credentials.delete(&admitted(&app, &admin()), old.id, None, false).await.unwrap();
    held.release();
    assert!(change.await.unwrap().is_err());
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted, Action::ConnectionTested]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_share_is_used_up_stores_nothing_with_a_test() {
    let mut house = House::new();
    house.settings.test_rates = Some(TestRates { per_user: 0, per_organization: 9, per_destination: 9 });
    let app = house.open();
    assert!(matches!(store_login(&app).await, Err(Failure::Limited { .. })));
    assert_eq!((house.store.calls(Call::InsertCredential), house.store.events(&acme())), (0, vec![]));
    let untested = StoreCredential { test: false, ..new("sftp", CredentialType::UserPassword, login()) };
    assert!(store(&app, untested).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_test_that_hangs_does_not_keep_its_content_from_being_stored() {
    let house = House::new();
    let app = house.open();
    house.tester.next(TestAnswer::hangs_in(strongroom_provider_tester::Progress::LOGIN));
    let stored = store_login(&app).await.unwrap();
    assert_eq!(password(&house, &stored), "hunter2");
    pass(1).await;
}
