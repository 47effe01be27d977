//! How many tests run at once, and how many wait.

use std::time::Duration;

use strongroom_application::{Application, Caller, Failure, Tested};
use strongroom_domain::{Role, TestCode};
use strongroom_fixtures::TestAnswer;
use strongroom_provider_tester::Progress;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{metrics, pass, test, testing};
use crate::house::{House, admin, user};

const FULL: Failure = Failure::Limited { retry_after: Duration::from_secs(1), allowance: None };

/// A user of the organisation with this number.
fn of(number: usize) -> Caller {
    user(&format!("org-{number}"), "uma", Role::Member)
}

/// So many tests that take five seconds each.
fn begin(
    house: &House,
    app: &Application,
    caller: &Caller,
    count: usize,
) -> Vec<JoinHandle<Result<Tested, Failure>>> {
    let tests = (0..count).map(|_| {
        house.tester.next(TestAnswer::code(TestCode::Ok).after(Duration::from_secs(5)));
        testing(app, caller, metrics())
    });
    tests.collect()
}

#[tokio::test(start_paused = true)]
async fn four_tests_of_an_organisation_run_at_once() {
    let house = House::new();
    let app = house.open();
    let tests = begin(&house, &app, &admin(), 6);
    pass(1).await;
    assert_eq!(house.tester.tested().len(), 4);
    pass(5).await;
    assert_eq!(house.tester.tested().len(), 6, "the others have their turn");
    for test in tests {
        assert!(test.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn sixteen_tests_of_an_organisation_wait_and_others_are_not_held_up() {
    let house = House::new();
    let app = house.open();
    let tests = begin(&house, &app, &admin(), 20);
    pass(1).await;
    let began = Instant::now();
    assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), FULL);
    assert!(began.elapsed() < Duration::from_millis(10), "it is told at once");
    let elsewhere = begin(&house, &app, &of(1), 1);
    pass(1).await;
    assert_eq!(house.tester.tested().len(), 5);
    drop((tests, elsewhere));
}

#[tokio::test(start_paused = true)]
async fn the_tests_of_thirty_two_organisations_run_at_once() {
    let house = House::new();
    let app = house.open();
    let tests: Vec<_> = (0..40).flat_map(|number| begin(&house, &app, &of(number), 4)).collect();
    pass(1).await;
    assert_eq!(house.tester.tested().len(), 128);
    for test in tests {
        assert!(test.await.unwrap().is_ok());
    }
    assert_eq!(house.tester.tested().len(), 160);
}

#[tokio::test(start_paused = true)]
async fn five_hundred_tests_wait_over_all_organisations() {
    let house = House::new();
    let app = house.open();
    let mut tests: Vec<_> = (0..32).flat_map(|number| begin(&house, &app, &of(number), 4)).collect();
    pass(1).await;
    tests.extend((32..160).flat_map(|number| begin(&house, &app, &of(number), 4)));
    pass(1).await;
    assert_eq!(house.tester.tested().len(), 128);
    let began = Instant::now();
    assert_eq!(test(&app, &of(999), metrics()).await.unwrap_err(), FULL);
    assert!(began.elapsed() < Duration::from_millis(10), "it is told at once");
    pass(4).await;
    assert!(testing(&app, &of(999), metrics()).await.unwrap().is_ok(), "places are free again");
    drop(tests);
}

#[tokio::test(start_paused = true)]
async fn an_organisation_that_floods_does_not_hold_the_places_of_all() {
    let house = House::new();
    let app = house.open();
    let flood = begin(&house, &app, &admin(), 20);
    pass(1).await;
    let others: Vec<_> = (0..31).flat_map(|number| begin(&house, &app, &of(number), 4)).collect();
    pass(1).await;
    assert_eq!(house.tester.tested().len(), 128);
    drop((flood, others));
}

#[tokio::test(start_paused = true)]
async fn a_test_waits_ten_seconds_for_its_place_and_not_longer() {
    let house = House::new();
    let app = house.open();
    for _ in 0..8 {
        house.tester.next(TestAnswer::hangs_in(Progress::LOGIN));
    }
    let running: Vec<_> = (0..4).map(|_| testing(&app, &admin(), metrics())).collect();
    pass(5).await;
    let next: Vec<_> = (0..4).map(|_| testing(&app, &admin(), metrics())).collect();
    pass(1).await;
    let began = Instant::now();
    assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), FULL);
    assert_eq!(began.elapsed().as_secs(), 10);
    for test in running.into_iter().chain(next) {
        assert_eq!(test.await.unwrap().unwrap().report.code, TestCode::Timeout);
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_hangs_up_gives_its_place_back() {
    let house = House::new();
    let app = house.open();
    let tests = begin(&house, &app, &admin(), 20);
    pass(1).await;
    tests.iter().for_each(JoinHandle::abort);
    pass(1).await;
    let tests = begin(&house, &app, &admin(), 4);
    pass(1).await;
    assert_eq!(house.tester.tested().len(), 8);
    drop(tests);
}
