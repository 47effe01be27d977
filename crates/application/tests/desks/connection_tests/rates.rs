//! How many tests may begin within a minute.

use std::time::Duration;

use strongroom_application::{Allowance, Application, Caller, Failure, TestRates};
use strongroom_domain::{CredentialType, Role};
use strongroom_fixtures::{TestAnswer, instant};
use strongroom_provider_tester::TestError;

use super::{metrics, pass, test};
use crate::house::{House, acme, admin, fields, member, user};

const RATES: TestRates = TestRates { per_user: 2, per_organization: 3, per_destination: 5 };

fn house() -> House {
    let mut house = House::new();
    house.settings.test_rates = Some(RATES);
    house
}

/// What is left of the share of a caller after a test.
async fn left(app: &Application, caller: &Caller) -> Option<u32> {
    test(app, caller, metrics()).await.unwrap().allowance.map(|allowance| allowance.remaining)
}

fn limited(seconds: u64, limit: u32, reset_at: i64) -> Failure {
    let allowance = Allowance { limit, remaining: 0, reset_at: instant(reset_at) };
    Failure::Limited { retry_after: Duration::from_secs(seconds), allowance: Some(allowance) }
}

#[tokio::test(start_paused = true)]
async fn a_user_begins_so_many_tests_within_any_minute() {
    let house = house();
    let app = house.open();
    assert_eq!(left(&app, &admin()).await, Some(1));
    pass(40).await;
    assert_eq!(left(&app, &admin()).await, Some(0));
    let refused = test(&app, &admin(), metrics()).await.unwrap_err();
    assert_eq!(refused, limited(20, 2, 60));
    pass(19).await;
    assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), limited(1, 2, 60));
    pass(1).await;
    assert_eq!(left(&app, &admin()).await, Some(0), "the second one still counts");
    assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), limited(40, 2, 100));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_and_nothing_is_on_record_when_a_share_is_used_up() {
    let house = house();
    let app = house.open();
    left(&app, &admin()).await;
    left(&app, &admin()).await;
    for _ in 0..5 {
        test(&app, &admin(), metrics()).await.unwrap_err();
    }
    assert_eq!((house.tester.tested().len(), house.store.events(&acme()).len()), (2, 2));
    assert_eq!(left(&app, &member()).await, Some(0), "those that were refused took nothing of the others");
}

#[tokio::test(start_paused = true)]
async fn an_organisation_begins_so_many_and_others_are_not_held_up() {
    let house = house();
    let app = house.open();
    left(&app, &admin()).await;
    assert_eq!(left(&app, &member()).await, Some(1), "both shares have one left");
    assert_eq!(left(&app, &member()).await, Some(0));
    assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), limited(60, 3, 60));
    assert_eq!(left(&app, &user("globex", "ann", Role::Admin)).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn the_tighter_share_is_told() {
    let house = house();
    let app = house.open();
    left(&app, &admin()).await;
    left(&app, &admin()).await;
    let tested = test(&app, &member(), metrics()).await.unwrap();
    let allowance = Allowance { limit: 3, remaining: 0, reset_at: instant(60) };
    assert_eq!(tested.allowance, Some(allowance));
}

#[tokio::test(start_paused = true)]
async fn without_rates_nothing_is_counted() {
    let house = House::new();
    let app = house.open();
    for _ in 0..50 {
        assert_eq!(left(&app, &admin()).await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_test_takes_from_the_share() {
    let house = house();
    let stored = house.stored();
    let app = house.open();
    let caller = crate::house::admitted(&app, &admin());
    app.connection_tests.test_stored(&caller, stored.id, None).await.unwrap();
    let new = strongroom_application::StoreCredential {
        provider: "metrics".into(),
        credential_type: CredentialType::ApiKey,
        credentials: fields(&[("api_key", "k-2")]),
        name: None,
        expires_at: None,
        slot: None,
        test: true,
    };
    app.credentials.store(&crate::house::admitted(&app, &admin()), new).await.unwrap();
    assert!(matches!(test(&app, &admin(), metrics()).await, Err(Failure::Limited { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_tested_takes_nothing() {
    let house = house();
    let app = house.open();
    for _ in 0..3 {
        let mut untestable = metrics();
        untestable.provider = "desk".into();
        untestable.credential_type = CredentialType::Oauth2;
        untestable.credentials = fields(&[("access_token", "a"), ("subdomain", "north")]);
        assert!(matches!(test(&app, &admin(), untestable).await, Err(Failure::Invalid(_))));
    }
    assert_eq!(left(&app, &admin()).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_share_that_still_counts_survives_the_upkeep() {
    let house = house();
    let app = house.open();
    left(&app, &admin()).await;
    left(&app, &admin()).await;
    pass(59).await;
    app.upkeep.flush().await;
    assert!(test(&app, &admin(), metrics()).await.is_err());
    pass(1).await;
    app.upkeep.flush().await;
    assert_eq!(left(&app, &admin()).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_was_tested_too_often_is_told_with_its_limit() {
    let retry_after = Duration::from_secs(7);
    for (house, allowance) in
        [(house(), Some(Allowance { limit: 5, remaining: 0, reset_at: instant(7) })), (House::new(), None)]
    {
        let app = house.open();
        house.tester.next(TestAnswer::error(TestError::DestinationLimit { retry_after }));
        let refused = test(&app, &admin(), metrics()).await.unwrap_err();
        assert_eq!(refused, Failure::Limited { retry_after, allowance });
        house.tester.next(TestAnswer::error(TestError::Unavailable));
        assert_eq!(test(&app, &admin(), metrics()).await.unwrap_err(), Failure::unavailable());
        assert_eq!(house.store.events(&acme()), [], "nothing was tested");
    }
}
