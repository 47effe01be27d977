//! Runs the contract of the repository ports on the store in memory.

use std::sync::Arc;

use strongroom_fake_store::FakeStore;
use strongroom_fixtures::{RunningClock, TestPurposeKeys, instant};
use strongroom_store_contract::{Instance, StoreUnderTest, contract_tests};

fn instance(store: FakeStore) -> Instance {
    let store = Arc::new(store);
    Instance::new(&store, &store)
}

async fn make_store() -> StoreUnderTest {
    let keys = Arc::new(TestPurposeKeys::new());
    // The clock is later than every time of the fixtures, as the clock of a real store is.
    let clock = Arc::new(RunningClock::starting_at(instant(1_000_000)));
    let store = FakeStore::with_clock(keys.clone(), clock.clone());
    let (first, second) = (instance(store.clone()), instance(store.another_instance()));
    let age = move |by| clock.shift(by);
    StoreUnderTest { first, second, keys, age: Box::new(age), guard: Box::new(()) }
}

contract_tests!(make_store);
