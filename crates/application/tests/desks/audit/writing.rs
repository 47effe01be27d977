use std::time::Duration;

use strongroom_application::{Failure, to};
use strongroom_domain::{Action, Role};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::organization;

use super::{contended, read, refuse};
use crate::house::{House, acme, user};

#[tokio::test(start_paused = true)]
async fn calls_that_wait_at_the_same_time_share_a_transaction() {
    let house = House::new();
    let app = house.open();
    let held = house.store.faults().hold(Call::AppendEvents);
    let ids = [0; 101].map(|_| house.stored().id);
    let mut reads = Vec::new();
    for id in ids {
        let app = app.clone();
        reads.push(tokio::spawn(async move { read(&app, id).await.map(|_| ()) }));
        if reads.len() == 1 {
            held.reached().await;
        }
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    held.release();
    for read in reads {
        assert_eq!(read.await.unwrap(), Ok(()));
    }
    // The first call is written alone, then 64 of those that have gathered, then the rest.
    assert_eq!(house.store.calls(Call::AppendEvents), 3);
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead; 101]);
    assert_eq!(app.upkeep.audit_counts(), (101, 0));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_fails_fails_for_everybody_in_it_and_for_nobody_else() {
    let house = House::new();
    let app = house.open();
    let held = house.store.faults().hold(Call::AppendEvents);
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    let ids = [0; 4].map(|_| house.stored().id);
    let mut reads = Vec::new();
    for id in ids {
        let app = app.clone();
        reads.push(tokio::spawn(async move { read(&app, id).await.map(|_| ()) }));
        if reads.len() == 1 {
            held.reached().await;
        }
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    held.release();
    let mut answers = Vec::new();
    for read in reads {
        answers.push(read.await.unwrap());
    }
    let away = || Err(Failure::unavailable());
    assert_eq!(answers, [Ok(()), away(), away(), away()]);
    assert_eq!((house.vault.opens(), app.upkeep.audit_counts()), (1, (1, 3)));
    read(&app, ids[1]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_caller_has_given_up_is_not_put_on_record() {
    let house = House::new();
    let app = house.open();
    let (first, second) = (house.stored().id, house.stored().id);
    let held = house.store.faults().hold(Call::AppendEvents);
    let begin = |id| {
        let app = app.clone();
        tokio::spawn(async move { read(&app, id).await.map(|_| ()) })
    };
    let one = begin(first);
    held.reached().await;
    let other = begin(second);
    tokio::time::sleep(Duration::from_millis(1)).await;
    other.abort();
    assert!(other.await.unwrap_err().is_cancelled());
    held.release();
    assert_eq!(one.await.unwrap(), Ok(()));
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    assert_eq!(events.iter().map(|event| event.credential).collect::<Vec<_>>(), [Some(first)]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_hands_nothing_out() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    house.store.faults().lose_answer(Call::AppendEvents);
    assert_eq!(read(&app, stored.id).await.unwrap_err(), Failure::unavailable());
    assert_eq!(house.vault.opens(), 0);
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead], "it may be on record all the same");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_overloaded_says_so_at_once() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let held = house.store.faults().hold(Call::AppendEvents);
    refuse(&app);
    held.reached().await;
    // 4,096 calls wait behind the one that is held; each of these names has a share of ten refusals.
    for number in 0..410 {
        for _ in 0..10 {
            let mut caller = user("acme", &format!("user-{number}"), Role::Member);
            caller.origin.authentication = Some("jwt:local".into());
            assert!(app.access.admit::<to::QueryAudit>(caller).is_err());
        }
    }
    assert_eq!(app.upkeep.audit_counts(), (0, 4), "what has no place is counted");
    let began = tokio::time::Instant::now();
    assert_eq!(read(&app, stored.id).await.unwrap_err(), Failure::unavailable());
    assert_eq!((began.elapsed(), house.vault.opens()), (Duration::ZERO, 0));
    held.release();
    app.upkeep.close().await;
    assert_eq!(house.store.events(&acme()).len(), 4_097);
    read(&app, stored.id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_chain_that_somebody_holds_keeps_nobody_else_waiting() {
    let house = House::new();
    let app = house.open_with(|ports| ports.audit = contended(&house, Duration::from_millis(1_500)));
    let stored = house.stored();
    let began = tokio::time::Instant::now();
    let begin = || {
        let (app, id) = (app.clone(), stored.id);
        tokio::spawn(async move { read(&app, id).await.map(|_| ()) })
    };
    let waits = begin();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let gives_up = begin();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let elsewhere = user("globex", "eve", Role::Member);
    assert!(app.access.admit::<to::QueryAudit>(elsewhere).is_err());
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(house.store.events(&organization("globex")).len(), 1);
    gives_up.abort();
    assert_eq!((waits.await.unwrap(), began.elapsed()), (Ok(()), Duration::from_millis(1_500)));
    app.upkeep.close().await;
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead]);
}
