//! Refreshes that are under way when an instance stops.

use std::time::Duration;

use strongroom_fake_store::Call;
use strongroom_fixtures::Answer;
use tokio::time::Instant;

use super::{pass, reading, secret};
use crate::house::House;

#[tokio::test(start_paused = true)]
async fn an_instance_that_closes_waits_for_the_answer_and_its_commit() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(19)));
    let reader = reading(&app, granted.id);
    pass(1).await;
    let began = Instant::now();
    app.upkeep.close().await;
    assert_eq!(began.elapsed().as_secs(), 18);
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "access-1");
    assert!(reader.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_closes_waits_twenty_four_seconds_and_not_longer() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.store.faults().fail_every(Call::StoreRefreshed);
    let reader = reading(&app, granted.id);
    pass(1).await;
    let began = Instant::now();
    app.upkeep.close().await;
    assert_eq!(began.elapsed().as_secs(), 24);
    assert!(reader.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn an_instance_without_refreshes_closes_at_once() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    reading(&app, granted.id).await.unwrap().unwrap();
    let began = Instant::now();
    app.upkeep.close().await;
    assert!(began.elapsed() < Duration::from_millis(10), "{:?}", began.elapsed());
}
