use std::time::Duration;

use strongroom_application::{Application, to};
use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, Role};
use strongroom_fake_store::{Call, unavailable};

use super::{contended, read, refuse};
use crate::house::{House, acme, admitted, user};

/// Makes the gate refuse ten operations to each of `people` users.
fn refuse_ten_times(app: &Application, people: u32) {
    for number in 0..people {
        let origin = Origin { authentication: Some("jwt:local".into()), ..Origin::default() };
        let mut known = user("acme", &format!("user-{number}"), Role::Member);
        known.origin = origin;
        for _ in 0..10 {
            assert!(app.access.admit::<to::QueryAudit>(known.clone()).is_err());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_ready_for_a_second_after_the_store_has_answered() {
    let app = House::new().open();
    assert!(!app.upkeep.is_ready(), "nobody has reached the store yet");
    app.upkeep.note_store_reached();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(app.upkeep.is_ready());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(!app.upkeep.is_ready());
    app.upkeep.note_store_reached();
    assert!(app.upkeep.is_ready());
    app.upkeep.drain();
    app.upkeep.note_store_reached();
    assert!(!app.upkeep.is_ready(), "a stop is not taken back");
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_store_cannot_be_written_is_not_ready_until_it_can() {
    let house = House::new();
    let app = house.open();
    let look = async || {
        app.upkeep.note_store_reached();
        app.upkeep.look_at_store().await;
        app.upkeep.is_ready()
    };
    assert!(look().await && look().await);
    assert_eq!(house.store.calls(Call::CheckWritable), 1, "once in five seconds");
    house.store.faults().fail_every(Call::CheckWritable);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(!look().await && !look().await);
    assert_eq!(house.store.calls(Call::CheckWritable), 3, "and each time while it cannot be written");
    house.store.faults().heal();
    assert!(look().await);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_failed_is_a_reason_to_look_and_two_in_a_row_are_one_not_to_be_ready() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    app.upkeep.look_at_store().await;
    let read = async || {
        app.upkeep.note_store_reached();
        let caller = admitted::<to::ReadSecrets>(&app, &crate::house::engine());
        app.credentials.read(&caller, strongroom_application::Selector::Id(stored.id), None).await.is_ok()
    };
    house.store.faults().fail_every(Call::AppendEvents);
    assert!(!read().await);
    assert!(app.upkeep.is_ready(), "it may have been one mishap");
    app.upkeep.look_at_store().await;
    assert_eq!(house.store.calls(Call::CheckWritable), 2);
    assert!(!read().await);
    app.upkeep.look_at_store().await;
    assert!(!app.upkeep.is_ready(), "whatever the look has found");
    tokio::time::advance(Duration::from_secs(5)).await;
    app.upkeep.note_store_reached();
    assert!(app.upkeep.is_ready(), "requests may come and try");
    assert!(!read().await && !app.upkeep.is_ready());
    house.store.faults().heal();
    assert!(read().await && app.upkeep.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_longer_for_what_is_not_written_than_a_caller_does() {
    let house = House::new();
    let app = house.open();
    house.store.faults().delay(Call::AppendEvents, Duration::from_millis(1_500));
    refuse_ten_times(&app, 30);
    app.upkeep.close().await;
    assert_eq!(house.store.events(&acme()).len(), 300);
    assert_eq!(app.upkeep.audit_counts(), (300, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stop_finds_its_place_behind_a_queue_that_is_full() {
    let house = House::new();
    let app = house.open();
    refuse_ten_times(&app, 410);
    assert_eq!(app.upkeep.audit_counts(), (0, 4), "4,096 have a place");
    app.upkeep.close().await;
    assert_eq!(house.store.events(&acme()).len(), 4_096);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_a_chain_that_somebody_holds() {
    let house = House::new();
    let app = house.open_with(|ports| ports.audit = contended(&house, Duration::from_millis(1_900)));
    refuse(&app);
    app.upkeep.close().await;
    assert_eq!(house.store.actions(&acme()), [Action::AccessDenied]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_also_when_the_store_does_not_answer_any_more() {
    let house = House::new();
    let app = house.open();
    let held = house.store.faults().hold(Call::AppendEvents);
    refuse(&app);
    let began = tokio::time::Instant::now();
    app.upkeep.close().await;
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    held.release();
}

#[tokio::test(start_paused = true)]
async fn a_stop_writes_when_secrets_were_read_last() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    read(&app, stored.id).await.unwrap();
    app.upkeep.close().await;
    assert!(house.store.credential(stored.id).unwrap().last_read_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn times_of_use_that_cannot_be_written_keep_nothing_back() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    refuse_ten_times(&app, 1);
    refuse(&app);
    read(&app, stored.id).await.unwrap();
    house.store.faults().fail_next(Call::NoteReads, unavailable());
    app.upkeep.close().await;
    assert_eq!(house.store.credential(stored.id).unwrap().last_read_at, None);
    assert_eq!(house.store.events(&acme()).len(), 12, "refusals are written all the same");
}
