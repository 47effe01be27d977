//! Private keys are opened before they are tested, a few at a time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use strongroom_application::{Failure, StoreCredential, TestConnection, TestRates};
use strongroom_domain::{ConfigValue, CredentialType, Role, TestCode, Violation};
use strongroom_environment::KeyFileRefused;
use strongroom_fixtures::credential;
use tokio::time::Instant;

use super::{pass, sftp, test, testing};
use crate::house::{House, acme, admin, admitted, fields, user};

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

fn with_key() -> TestConnection {
    let credentials = fields(&[("host", "files.example.test"), ("username", "etl"), ("private_key", PEM)]);
    TestConnection { credential_type: CredentialType::KeyFile, credentials, ..sftp() }
}

fn opened(house: &House) -> usize {
    house.key_files.opened.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn a_key_that_could_never_work_is_not_sent_anywhere() {
    let house = House::new();
    let app = house.open();
    *house.key_files.refused.lock().unwrap() = Some(KeyFileRefused::PassphraseWrong);
    let Failure::Invalid(violations) = test(&app, &admin(), with_key()).await.unwrap_err() else {
        panic!("the key is good");
    };
    let told = |violation: &Violation| (violation.field.clone(), violation.to_string());
    let (field, text) = told(&violations[0]);
    assert_eq!(field, "private_key");
    assert!(text.contains(&KeyFileRefused::PassphraseWrong.to_string()), "{text}");
    assert_eq!((house.tester.tested().len(), house.store.events(&acme()).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_report_says_when_the_lines_of_a_key_were_made_right() {
    let house = House::new();
    let app = house.open();
    let as_given = |key: &str| {
        let credentials = fields(&[("host", "h.example.test"), ("username", "etl"), ("private_key", key)]);
        TestConnection { credentials, ..with_key() }
    };
    let report = test(&app, &admin(), as_given(PEM)).await.unwrap().report;
    assert_eq!((report.code, report.hint), (TestCode::Ok, None));
    let report = test(&app, &admin(), as_given(&PEM.replace('\n', "\r\n"))).await.unwrap().report;
    let hint = report.hint.unwrap();
    assert!(hint.contains("line ends and blanks were made those that OpenSSH"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_keys_that_is_busy_says_nothing_about_the_key() {
    let house = House::new();
    let app = house.open();
    *house.key_files.refused.lock().unwrap() = Some(KeyFileRefused::Busy);
    assert_eq!(test(&app, &admin(), with_key()).await.unwrap_err(), Failure::unavailable());
}

#[tokio::test(start_paused = true)]
async fn two_keys_of_an_organisation_are_opened_at_once() {
    let house = House::new();
    let app = house.open();
    *house.key_files.takes.lock().unwrap() = Duration::from_secs(2);
    let tests: Vec<_> = (0..4).map(|_| testing(&app, &admin(), with_key())).collect();
    let elsewhere = testing(&app, &user("globex", "gil", Role::Admin), with_key());
    pass(3).await;
    assert_eq!(opened(&house), 3, "two here, and one elsewhere");
    pass(2).await;
    assert_eq!(opened(&house), 5);
    for test in tests.into_iter().chain([elsewhere]) {
        assert!(test.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_waits_five_seconds_for_its_turn_and_not_longer() {
    let house = House::new();
    let app = house.open();
    *house.key_files.takes.lock().unwrap() = Duration::from_secs(9);
    let slow: Vec<_> = (0..2).map(|_| testing(&app, &admin(), with_key())).collect();
    pass(1).await;
    let began = Instant::now();
    assert_eq!(test(&app, &admin(), with_key()).await.unwrap_err(), Failure::unavailable());
    assert_eq!(began.elapsed().as_secs(), 5);
    for test in slow {
        assert!(test.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_wait_hold_no_place_of_a_test() {
    let house = House::new();
    let app = house.open();
    *house.key_files.takes.lock().unwrap() = Duration::from_secs(4);
    let tests: Vec<_> = (0..4).map(|_| testing(&app, &admin(), with_key())).collect();
    pass(1).await;
    assert!(test(&app, &admin(), super::metrics()).await.is_ok());
    assert_eq!(opened(&house), 0);
    drop(tests);
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_share_is_used_up_opens_no_key() {
    let mut house = House::new();
    house.settings.test_rates = Some(TestRates { per_user: 1, per_organization: 9, per_destination: 9 });
    let app = house.open();
    test(&app, &admin(), with_key()).await.unwrap();
    assert!(matches!(test(&app, &admin(), with_key()).await, Err(Failure::Limited { .. })));
    assert_eq!(opened(&house), 1);
}

#[tokio::test(start_paused = true)]
async fn a_password_needs_no_key_to_be_opened_and_a_stored_key_is_known_to_open() {
    let house = House::new();
    let mut stored = credential(&acme(), house.ids.credential());
    stored.credential_type = CredentialType::KeyFile;
    stored.config.insert("username", ConfigValue::Text("etl".into()));
    house.put(&stored, &[("private_key", PEM)]);
    let app = house.open();
    test(&app, &admin(), sftp()).await.unwrap();
    app.connection_tests.test_stored(&admitted(&app, &admin()), stored.id, None).await.unwrap();
    assert_eq!((house.tester.tested().len(), opened(&house)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_opened_when_there_is_no_test_that_would_do_it() {
    let mut house = House::new();
    let mut sftp = (*house.settings.catalog.provider("sftp")).clone();
    sftp.test = None;
    house.settings.catalog = house.settings.catalog.with(sftp);
    let app = house.open();
    *house.key_files.refused.lock().unwrap() = Some(KeyFileRefused::Unreadable);
    for test in [true, false] {
        let asked = with_key();
        let new = StoreCredential {
            provider: asked.provider,
            credential_type: asked.credential_type,
            credentials: asked.credentials,
            name: None,
            expires_at: None,
            slot: None,
            test,
        };
        let refused = app.credentials.store(&admitted(&app, &admin()), new).await;
        assert!(matches!(refused, Err(Failure::Invalid(_))), "{refused:?}");
    }
    assert_eq!(house.store.events(&acme()), []);
}
