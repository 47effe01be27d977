//! What a test reports, to whom, and what it does not report.

use std::time::Duration;

use strongroom_application::{Failure, TestConnection, Tested};
use strongroom_domain::connection_test::HOST_KEY_FINGERPRINT;
use strongroom_domain::{Action, CredentialType, Facts, Outcome, StepOutcome, TestCode, TestReport};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{TestAnswer, instant};
use strongroom_provider_tester::{Cause, Progress, Verdict};
use tokio::time::Instant;

use super::{metrics, sftp, test};
use crate::house::{House, acme, admin, engine_for, fields};

const MS: Duration = Duration::from_millis(1);

async fn tested(house: &House, answer: TestAnswer) -> (Tested, Duration) {
    house.tester.next(answer);
    let app = house.open();
    let began = Instant::now();
    (test(&app, &admin(), sftp()).await.unwrap(), began.elapsed())
}

/// The steps of a report: how each ended, and how long it took.
fn steps(report: &TestReport) -> Vec<(StepOutcome, Option<Duration>)> {
    report.steps.iter().map(|step| (step.outcome, step.duration)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_good_test_tells_its_steps_its_facts_and_how_long_it_took() {
    let house = House::new();
    let facts: Facts = [(HOST_KEY_FINGERPRINT, "SHA256:abc".to_owned())].into();
    house.clock.shift(instant(9) - instant(0));
    let answer = TestAnswer::verdict(Verdict::of(TestCode::Ok).with_facts(facts.clone()));
    let (tested, took) = tested(&house, answer.after(30 * MS)).await;
    let report = tested.report;
    assert_eq!((report.code, &report.facts), (TestCode::Ok, &facts));
    assert_eq!((report.tested_at, report.duration, took), (instant(9), 30 * MS, 30 * MS));
    assert_eq!((report.message.as_ref(), report.hint.as_deref()), (TestCode::Ok.message(), None));
    assert!(steps(&report).iter().all(|(outcome, _)| *outcome == StepOutcome::Ok));
    assert_eq!(report.provider.as_str(), "sftp");
}

#[tokio::test(start_paused = true)]
async fn a_tester_that_has_more_to_say_is_quoted() {
    let house = House::new();
    let verdict = Verdict::of(TestCode::AuthRejected).saying("The key is revoked.").advising("Make another.");
    let (tested, _) = tested(&house, TestAnswer::verdict(verdict)).await;
    assert_eq!(tested.report.message, "The key is revoked.");
    assert_eq!(tested.report.hint.as_deref(), Some("Make another."));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_unreachable_looks_the_same() {
    let chatty = Verdict::of(TestCode::NotReachable).saying("refused by 10.0.0.1").advising("ask 10.0.0.1");
    let chatty = chatty.with_facts([("server_version", "9".to_owned())].into());
    let kinds = [
        TestAnswer::code(TestCode::NotReachable),
        TestAnswer::verdict(chatty),
        TestAnswer::verdict(Verdict::of(TestCode::NotReachable).because(Cause::Network("RST".into()))),
        TestAnswer::code(TestCode::NotReachable).in_step(Progress::HANDSHAKE),
        TestAnswer::code(TestCode::Timeout).in_step(Progress::HANDSHAKE),
        TestAnswer::code(TestCode::Timeout).in_step(Progress::REACH),
    ];
    for (number, kind) in kinds.into_iter().enumerate() {
        let house = House::new();
        let (Tested { report, .. }, took) = tested(&house, kind.after(3 * MS)).await;
        assert_eq!(report.code, TestCode::NotReachable, "kind {number}");
        assert_eq!(report.message, TestCode::NotReachable.message());
        assert_eq!(report.hint.as_deref(), TestCode::NotReachable.hint());
        assert_eq!((report.duration, took, report.facts), (250 * MS, 250 * MS, Facts::new()));
        let names: Vec<_> = report.steps.iter().map(|step| step.name.as_ref()).collect();
        assert_eq!(names, ["parse", "reach", "handshake", "login", "probe"]);
        let outcomes: Vec<_> = report.steps.iter().map(|step| (step.outcome, step.duration)).collect();
        let skipped = (StepOutcome::Skipped, None);
        let reach = (StepOutcome::Failed, Some(250 * MS));
        let parse = (StepOutcome::Ok, Some(Duration::ZERO));
        assert_eq!(outcomes, [parse, reach, skipped, skipped, skipped], "kind {number}");
        let event = &house.store.events(&acme())[0];
        assert_eq!(event.details.keys().collect::<Vec<_>>(), ["code"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_server_is_told_in_whole_quarters_of_a_second() {
    for (took, told) in [(0, 250), (249, 250), (250, 250), (251, 500), (1_740, 1_750)] {
        let house = House::new();
        let answer = TestAnswer::code(TestCode::NotReachable).after(took * MS);
        let (tested, waited) = tested(&house, answer).await;
        assert_eq!((tested.report.duration, waited), (told * MS, told * MS), "{took} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_ends_after_ten_seconds_wherever_it_hangs() {
    let cases = [
        (Progress::REACH, TestCode::NotReachable),
        (Progress::HANDSHAKE, TestCode::NotReachable),
        (Progress::LOGIN, TestCode::Timeout),
        (Progress::PROBE, TestCode::Timeout),
    ];
    for (step, code) in cases {
        let house = House::new();
        let (tested, took) = tested(&house, TestAnswer::hangs_in(step.clone())).await;
        assert_eq!((tested.report.code, took.as_secs()), (code, 10), "{step}");
        let failed = tested.report.steps.iter().find(|found| found.outcome == StepOutcome::Failed).unwrap();
        let expected = if code == TestCode::Timeout { step } else { Progress::REACH };
        assert_eq!(failed.name, expected);
        let event = &house.store.events(&acme())[0];
        assert_eq!((event.outcome, event.details["code"].as_str()), (Outcome::Failed, code.as_str()));
        assert_eq!(event.details.get("cause"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_is_on_record_by_what_it_found() {
    let cases = [
        (TestCode::Ok, Outcome::Success),
        (TestCode::Insufficient, Outcome::Success),
        (TestCode::AuthRejected, Outcome::Denied),
        (TestCode::InvalidConfig, Outcome::Failed),
        (TestCode::ProviderError, Outcome::Failed),
    ];
    for (code, outcome) in cases {
        let house = House::new();
        tested(&house, TestAnswer::code(code)).await;
        let events = house.store.events(&acme());
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].action, events[0].outcome), (Action::ConnectionTested, outcome), "{code:?}");
        assert_eq!((events[0].actor.clone(), events[0].credential), (admin().actor, None));
        assert_eq!(events[0].provider.as_ref().unwrap().as_str(), "sftp");
        assert_eq!(events[0].details["code"], code.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_the_policy_refused_is_on_record_beside_the_test() {
    let house = House::new();
    let cause = Cause::Policy("not a public address".to_owned());
    let verdict = Verdict::of(TestCode::NotReachable).because(cause);
    let (tested, _) = tested(&house, TestAnswer::verdict(verdict)).await;
    assert!(!format!("{:?}", tested.report).contains("not a public"), "the caller does not learn it");
    let events = house.store.events(&acme());
    assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested, Action::EgressRefused]);
    assert_eq!(
        (events[1].outcome, events[1].details["reason"].as_str()),
        (Outcome::Denied, "not a public address")
    );
    assert_eq!(events[1].provider.as_ref().unwrap().as_str(), "sftp");
    assert_eq!(events[0].details.get("reason"), None);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_protocol_is_on_record_with_the_test() {
    let house = House::new();
    let verdict = Verdict::of(TestCode::ProviderError).because(Cause::Protocol("bad packet".to_owned()));
    tested(&house, TestAnswer::verdict(verdict)).await;
    assert_eq!(house.store.events(&acme())[0].details["cause"], "bad packet");
    assert_eq!(house.store.events(&acme()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_cannot_be_put_on_record_tells_nothing() {
    let house = House::new();
    let app = house.open();
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), Failure::unavailable());
}

#[tokio::test(start_paused = true)]
async fn tests_are_counted_by_what_they_found() {
    let house = House::new();
    let app = house.open();
    for code in [TestCode::Ok, TestCode::AuthRejected, TestCode::AuthRejected] {
        house.tester.next(TestAnswer::code(code));
        test(&app, &admin(), metrics()).await.unwrap();
    }
    house.tester.next(TestAnswer::hangs_in(Progress::REACH));
    test(&app, &admin(), metrics()).await.unwrap();
    let found = TestCode::ALL.map(|code| app.connection_tests.found(code));
    assert_eq!(found, [1, 0, 2, 0, 0, 0, 1, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_tester_gets_the_content_and_the_folder_of_the_probe() {
    let house = House::new();
    let app = house.open();
    let asked = TestConnection { probe_path: Some("/upload".to_owned()), ..sftp() };
    test(&app, &admin(), asked).await.unwrap();
    let tested = &house.tester.tested()[0];
    assert_eq!((tested.provider.as_str(), tested.credential_type), ("sftp", CredentialType::UserPassword));
    assert_eq!(
        (tested.secret["password"].as_str(), tested.probe_path.as_deref()),
        ("hunter2", Some("/upload"))
    );
    assert!(tested.config.get("host").is_some());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_tested_is_refused() {
    let house = House::new();
    let app = house.open();
    let dsn = [("base_url", "https://crm.example.test"), ("api_key", "k"), ("dsn", "https://x.example.test")];
    let of = |provider: &str, credential_type, pairs: &[(&str, &str)]| TestConnection {
        provider: provider.to_owned(),
        credential_type,
        credentials: fields(pairs),
        probe_path: None,
    };
    let cases = [
        (of("nowhere", CredentialType::ApiKey, &[]), "provider"),
        (of("desk", CredentialType::Oauth2, &[("subdomain", "north"), ("access_token", "a")]), "provider"),
        (of("metrics", CredentialType::ApiKey, &[]), "api_key"),
        (of("crm", CredentialType::ApiKey, &dsn), "dsn"),
    ];
    for (asked, field) in cases {
        let provider = asked.provider.clone();
        let Failure::Invalid(violations) = test(&app, &admin(), asked).await.unwrap_err() else {
            panic!("{provider} was not refused by a field");
        };
        assert_eq!(violations[0].field, field, "{provider}");
    }
    assert_eq!((house.tester.tested().len(), house.store.events(&acme()).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_provider_beyond_the_callers_reach_is_not_tested_and_that_is_on_record() {
    let house = House::new();
    let app = house.open();
    let refused = test(&app, &engine_for(&["sftp"]), metrics()).await.unwrap_err();
    assert_eq!(refused, Failure::Forbidden { service_accounts_only: false });
    super::pass(1).await;
    assert_eq!(house.store.actions(&acme()), [Action::AccessDenied]);
    assert_eq!(house.tester.tested(), []);
}

#[tokio::test(start_paused = true)]
async fn whoever_lacks_a_permission_has_logged_in() {
    use StepOutcome::{Failed, Ok, Skipped};
    let insufficient = || TestAnswer::code(TestCode::Insufficient);
    let refused = TestAnswer::code(TestCode::AuthRejected).in_step(Progress::LOGIN);
    let cases = [
        (insufficient().in_step(Progress::LOGIN).failing(), [Ok, Ok, Ok, Ok, Failed]),
        (insufficient().in_step(Progress::PROBE).failing(), [Ok, Ok, Ok, Ok, Failed]),
        (insufficient().in_step(Progress::LOGIN), [Ok, Ok, Ok, Ok, Skipped]),
        (refused, [Ok, Ok, Ok, Failed, Skipped]),
    ];
    for (number, (answer, expected)) in cases.into_iter().enumerate() {
        let house = House::new();
        let (tested, _) = tested(&house, answer.after(5 * MS)).await;
        let outcomes: Vec<_> = tested.report.steps.iter().map(|step| step.outcome).collect();
        assert_eq!(outcomes, expected, "case {number}");
    }
}
