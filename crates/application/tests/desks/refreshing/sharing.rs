//! One refresh at a time, in one instance and over all of them.

use std::time::Duration;

use strongroom_fake_store::Call;
use strongroom_fixtures::{Answer, instant};
use tokio::time::Instant;

use super::{away, ended, on_record, pass, reading, round, secret, stored, token};
use crate::house::House;

#[tokio::test(start_paused = true)]
async fn readers_of_one_instance_wait_for_one_refresh_under_one_lease() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(2)));
    let reads: Vec<_> = (0..10).map(|_| reading(&app, granted.id)).collect();
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap(), "access-1");
    }
    assert_eq!(house.store.calls(Call::AcquireLease), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_hangs_up_does_not_end_the_refresh() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let read = reading(&app, granted.id);
    held.reached().await;
    read.abort();
    held.release();
    pass(1).await;
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_over_is_not_joined_again() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.set_lifetime(Some(Duration::from_secs(100)));
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    pass(101).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-2");
    assert_eq!(house.server.refreshes(), ["r0", "refresh-1"]);
}

#[tokio::test(start_paused = true)]
async fn grants_are_refreshed_side_by_side() {
    let house = House::new();
    let [one, other] = ended(&house);
    let app = house.open();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let slow = reading(&app, one.id);
    held.reached().await;
    assert_eq!(token(&app, other.id).await.unwrap(), "access-2", "nobody waits for another's refresh");
    held.release();
    assert_eq!(slow.await.unwrap().unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn another_instance_waits_for_the_one_that_has_the_lease() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    house.server.next_token(Answer::usual().after(Duration::from_secs(8)));
    let first = reading(&there, granted.id);
    pass(1).await;
    let began = Instant::now();
    assert_eq!(token(&here, granted.id).await.unwrap(), "access-1");
    let waited = began.elapsed();
    assert!((7..=8).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(first.await.unwrap().unwrap(), "access-1");
    assert_eq!(house.server.refreshes(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_waits_twelve_seconds_for_another_and_not_longer() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    let due = house.store.faults().hold_answer(Call::DueRefreshes);
    let background = round(&here);
    due.reached().await;
    house.server.next_token(Answer::usual().after(Duration::from_secs(19)));
    let elsewhere = reading(&there, granted.id);
    pass(1).await;
    due.release();
    background.await.unwrap();
    pass(9).await;
    let looks = house.store.calls(Call::AcquireLease);
    assert!((15..50).contains(&looks), "it looked {looks} times whether the lease is free");
    pass(2).await;
    let last = house.store.calls(Call::AcquireLease);
    assert!(last > looks);
    pass(3).await;
    assert_eq!(house.store.calls(Call::AcquireLease), last, "it has given up");
    assert!(elsewhere.await.unwrap().is_err(), "it took longer than a reader waits");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_stops_waits_for_no_other() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    house.server.next_token(Answer::usual().after(Duration::from_secs(11)));
    let elsewhere = reading(&there, granted.id);
    pass(1).await;
    let began = Instant::now();
    let waiting = reading(&here, granted.id);
    pass(1).await;
    here.upkeep.drain();
    assert_eq!(away(waiting.await.unwrap()), Some(Duration::from_secs(1)));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(elsewhere.await.unwrap().unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_an_instance_that_died_is_taken_over_after_thirty_seconds() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    house.server.set_rotating(false);
    let dead = house.store.faults().hold(Call::StoreRefreshed);
    let reader = reading(&here, granted.id);
    dead.reached().await;
    pass(29).await;
    round(&there).await.unwrap();
    assert_eq!(house.server.refreshes().len(), 1, "its lease holds");
    pass(2).await;
    round(&there).await.unwrap();
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "access-2");
    assert!(reader.await.unwrap().is_err());
    dead.release();
    pass(1).await;
    assert_eq!(secret(&house, granted.id, "access_token").unwrap(), "access-2", "what comes late gives way");
    assert_eq!(on_record(&house).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_sent_within_five_seconds_of_asking_for_its_lease_or_not_at_all() {
    for (seconds, sent) in [(4, 1), (6, 0)] {
        let house = House::new();
        let granted = house.granted(-10);
        let app = house.open();
        let leased = house.store.faults().hold_answer(Call::AcquireLease);
        let read = reading(&app, granted.id);
        leased.reached().await;
        pass(seconds).await;
        leased.release();
        assert_eq!(read.await.unwrap().is_ok(), sent == 1);
        assert_eq!(house.server.asked().len(), sent, "after {seconds} seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_died_before_it_sent_anything_costs_no_grant() {
    let house = House::new();
    let granted = house.granted(-10);
    let (here, there) = (house.open(), house.open_another());
    let dead = house.store.faults().hold_answer(Call::AcquireLease);
    let reader = reading(&here, granted.id);
    dead.reached().await;
    assert!(house.store.lease_holder(granted.id).is_some());
    pass(31).await;
    assert_eq!(token(&there, granted.id).await.unwrap(), "access-1");
    dead.release();
    pass(1).await;
    assert_eq!(house.server.refreshes(), ["r0"], "the one that woke up sent nothing");
    assert_eq!(on_record(&house).len(), 1);
    assert!(reader.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_row_that_moves_while_its_lease_is_asked_for_is_read_again() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let asked = house.store.faults().hold(Call::AcquireLease);
    let read = reading(&app, granted.id);
    asked.reached().await;
    let mut moved = stored(&house, granted.id);
    (moved.version, moved.access_token_expires_at) = (2, Some(instant(3_600)));
    house.put(&moved, &[("access_token", "newer"), ("refresh_token", "r1")]);
    asked.release();
    assert_eq!(read.await.unwrap().unwrap(), "newer");
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_with_the_new_token_and_after_a_failure() {
    let house = House::new();
    let [good, bad] = ended(&house);
    let app = house.open();
    token(&app, good.id).await.unwrap();
    house.server.next_token(super::failing());
    token(&app, bad.id).await.unwrap_err();
    assert_eq!((house.store.lease_holder(good.id), house.store.lease_holder(bad.id)), (None, None));
}
