//! Tests of a destination are counted over all instances.

use std::sync::Arc;
use std::time::Duration;

use strongroom_application::StoredBudget;
use strongroom_fake_store::Call;
use strongroom_provider_tester::{DestinationBudget, TestError};

use super::pass;
use crate::house::House;

const PLACE: &str = "files.example.test:22";

fn budget(house: &House, per_minute: u32) -> StoredBudget {
    StoredBudget::new(Arc::new(house.store.another_instance()), house.vault.clone(), per_minute)
}

#[tokio::test(start_paused = true)]
async fn a_destination_has_its_share_of_any_minute_over_all_instances() {
    let house = House::new();
    let (here, there) = (budget(&house, 2), budget(&house, 2));
    assert_eq!(here.take(PLACE).await, Ok(()));
    pass(20).await;
    assert_eq!(there.take(PLACE).await, Ok(()));
    let refused = TestError::DestinationLimit { retry_after: Duration::from_secs(40) };
    assert_eq!(here.take(PLACE).await, Err(refused));
    assert_eq!(here.take("files.example.test:2222").await, Ok(()), "another port is another place");
    pass(41).await;
    assert_eq!(here.take(PLACE).await, Ok(()), "the first one is over");
    assert!(there.take(PLACE).await.is_err(), "the second one is not");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_counted_is_not_tested() {
    let house = House::new();
    let budget = StoredBudget::new(Arc::new(house.store.clone()), house.vault.clone(), 2);
    house.store.faults().fail_every(Call::TakeDestination);
    assert_eq!(budget.take(PLACE).await, Err(TestError::Unavailable));
    house.store.faults().heal();
    house.vault.set_digests_broken(true);
    assert_eq!(budget.take(PLACE).await, Err(TestError::Unavailable));
    assert_eq!(house.store.calls(Call::TakeDestination), 1, "a destination is never stored in clear");
}

#[tokio::test(start_paused = true)]
async fn old_counts_are_removed_and_recent_ones_are_not() {
    let house = House::new();
    let app = house.open();
    let budget = budget(&house, 1);
    budget.take(PLACE).await.unwrap();
    pass(59).await;
    app.connection_tests.forget_destinations().await;
    assert!(budget.take(PLACE).await.is_err());
    house.store.faults().fail_every(Call::ForgetDestinations);
    app.connection_tests.forget_destinations().await;
    assert_eq!(house.store.calls(Call::ForgetDestinations), 2);
}
