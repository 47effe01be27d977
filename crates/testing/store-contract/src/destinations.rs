//! Contracts of how often a destination may be tested, over all organisations and instances.

use std::time::Duration;

use strongroom_repository::StoreResult;
use tokio::time::Instant;

use crate::StoreUnderTest;
use crate::under_test::in_parallel;

const DESTINATION: [u8; 32] = [0xd1; 32];
const MINUTE: Duration = Duration::from_secs(60);

/// Takes a test of the destination that most contracts use.
async fn take(store: &StoreUnderTest, limit: u32) -> Option<Duration> {
    store.destinations.take(DESTINATION, limit, MINUTE).await.unwrap()
}

/// Lets this many seconds pass.
fn pass(store: &StoreUnderTest, seconds: i64) {
    (store.age)(time::Duration::seconds(seconds));
}

/// Checks a wait that would be `seconds` long if the contract had taken no time since `since`.
fn assert_wait(wait: Option<Duration>, seconds: u64, since: Instant) {
    let (wait, most) = (wait.unwrap(), Duration::from_secs(seconds));
    let least = most.saturating_sub(since.elapsed() + Duration::from_millis(10));
    assert!(wait <= most && wait >= least, "{wait:?} is not between {least:?} and {most:?}");
}

/// Of 50 parallel takes over two instances five succeed; the others get a wait within the window.
pub async fn of_parallel_takes_exactly_the_limit_succeed(store: StoreUnderTest) {
    for round in 0..5_u8 {
        let work = (0..50).map(|number| {
            let destinations = store.instance(number).destinations;
            async move { destinations.take([round; 32], 5, MINUTE).await }
        });
        let answers: StoreResult<Vec<_>> = in_parallel(work).await.into_iter().collect();
        let waits: Vec<_> = answers.unwrap().into_iter().flatten().collect();
        assert_eq!(waits.len(), 45);
        assert!(waits.iter().all(|wait| *wait > Duration::ZERO && *wait <= MINUTE), "{waits:?}");
    }
}

/// Each take counts for a window of its own, not until the end of a common period.
pub async fn a_place_comes_free_when_its_own_window_has_passed(store: StoreUnderTest) {
    let since = Instant::now();
    assert_eq!(take(&store, 2).await, None);
    pass(&store, 40);
    assert_eq!(take(&store, 2).await, None);
    assert_wait(take(&store, 2).await, 20, since);
    pass(&store, 21);
    assert_eq!(take(&store, 2).await, None);
    assert_wait(take(&store, 2).await, 39, since);
    pass(&store, 40);
    assert_eq!(take(&store, 2).await, None);
    assert_wait(take(&store, 2).await, 20, since);
    pass(&store, 1_000);
    for free in [true, true, false] {
        assert_eq!(take(&store, 2).await.is_none(), free);
    }
}

/// Takes as often as the store allows, in real time, and waits as long as it says. Any two takes that are
/// `limit` takes apart are at least one window apart.
pub async fn no_window_holds_more_than_the_limit_in_real_time(store: StoreUnderTest) {
    const WINDOW: Duration = Duration::from_millis(300);
    // Stores count in milliseconds, and their clock may be adjusted gradually.
    const TOLERANCE: Duration = Duration::from_millis(5);
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut taken = Vec::new();
    while taken.len() < 7 {
        assert!(Instant::now() < deadline, "only {} were taken", taken.len());
        let before = Instant::now();
        match store.destinations.take(DESTINATION, 2, WINDOW).await.unwrap() {
            None => taken.push((before, Instant::now())),
            Some(wait) => {
                assert!(wait <= WINDOW, "{wait:?}");
                tokio::time::sleep(wait).await;
            }
        }
    }
    for ((before, _), (_, after)) in taken.iter().zip(taken.iter().skip(2)) {
        assert!(*after - *before + TOLERANCE >= WINDOW, "{:?}", *after - *before);
    }
}

/// A caller that asks again and again does not have to wait longer for that.
pub async fn a_refused_attempt_counts_nothing(store: StoreUnderTest) {
    assert_eq!(take(&store, 1).await, None);
    for _ in 0..10 {
        pass(&store, 5);
        assert!(take(&store, 1).await.is_some());
    }
    pass(&store, 10);
    assert_eq!(take(&store, 1).await, None);
}

/// What is given back is free at once, in every instance. Nothing is given back where nothing was taken.
pub async fn a_take_that_is_given_back_is_free_again(store: StoreUnderTest) {
    let since = Instant::now();
    store.destinations.give_back(DESTINATION).await.unwrap();
    for _ in 0..2 {
        assert_eq!(take(&store, 2).await, None);
        pass(&store, 10);
    }
    store.destinations.give_back([0; 32]).await.unwrap();
    assert!(take(&store, 2).await.is_some());
    store.second.destinations.give_back(DESTINATION).await.unwrap();
    assert_eq!(take(&store, 2).await, None);
    assert_wait(take(&store, 2).await, 40, since);
    for _ in 0..3 {
        store.destinations.give_back(DESTINATION).await.unwrap();
    }
    for free in [true, true, false] {
        assert_eq!(take(&store, 2).await.is_none(), free);
    }
}

/// Destinations that differ in one bit do not affect each other.
pub async fn every_destination_has_a_limit_of_its_own(store: StoreUnderTest) {
    let (mut first_bit, mut last_bit) = (DESTINATION, DESTINATION);
    first_bit.first_mut().into_iter().for_each(|byte| *byte ^= 0x80);
    last_bit.last_mut().into_iter().for_each(|byte| *byte ^= 1);
    for destination in [DESTINATION, first_bit, last_bit, [0; 32], [0xff; 32]] {
        for instance in [&store.first, &store.second] {
            assert_eq!(instance.destinations.take(destination, 2, MINUTE).await.unwrap(), None);
        }
        assert!(store.destinations.take(destination, 2, MINUTE).await.unwrap().is_some());
    }
}

/// Takes count whatever the limit and window were when they were made. When the limit is 0, the wait is the
/// window.
pub async fn a_changed_limit_counts_what_was_taken(store: StoreUnderTest) {
    let since = Instant::now();
    assert_eq!(take(&store, 0).await, Some(MINUTE));
    for _ in 0..4 {
        assert_eq!(take(&store, 4).await, None);
        pass(&store, 10);
    }
    // The takes were made 40, 30, 20 and 10 seconds ago.
    assert_eq!(take(&store, 0).await, Some(MINUTE));
    for (limit, seconds) in [(1, 50), (2, 40), (3, 30), (4, 20)] {
        assert_wait(take(&store, limit).await, seconds, since);
    }
    let shorter = store.destinations.take(DESTINATION, 2, Duration::from_secs(25)).await.unwrap();
    assert_wait(shorter, 5, since);
    assert_eq!(take(&store, u32::MAX).await, None);
}

/// A destination is kept while one of its takes may still count.
pub async fn only_destinations_that_nobody_tested_of_late_are_forgotten(store: StoreUnderTest) {
    let (old, mixed, new) = ([1; 32], [2; 32], [3; 32]);
    let take = async |one| store.destinations.take(one, 2, MINUTE).await.unwrap();
    for one in [old, mixed] {
        assert_eq!(take(one).await, None);
    }
    assert_eq!(store.destinations.forget(MINUTE).await.unwrap(), 0);
    pass(&store, 50);
    for one in [mixed, new, new] {
        assert_eq!(take(one).await, None);
    }
    pass(&store, 11);
    assert_eq!(store.second.destinations.forget(MINUTE).await.unwrap(), 1);
    assert_eq!(store.destinations.forget(MINUTE).await.unwrap(), 0);
    for (one, free) in [(new, 0), (mixed, 1), (old, 2)] {
        for place in 0..3 {
            assert_eq!(take(one).await.is_none(), place < free, "{one:?}");
        }
    }
    pass(&store, 61);
    assert_eq!(store.destinations.forget(MINUTE).await.unwrap(), 3);
}

/// A clean-up at the same time neither frees a place nor prevents a take.
pub async fn takes_racing_a_forget_stay_exact(store: StoreUnderTest) {
    for _ in 0..5 {
        let work = (0..60).map(|number| {
            let destinations = store.instance(number / 3).destinations;
            async move {
                if number.is_multiple_of(3) {
                    return destinations.forget(MINUTE).await.map(|_| false);
                }
                Ok(destinations.take(DESTINATION, 5, MINUTE).await?.is_none())
            }
        });
        let answers: StoreResult<Vec<bool>> = in_parallel(work).await.into_iter().collect();
        assert_eq!(answers.unwrap().into_iter().filter(|taken| *taken).count(), 5);
        // The next round finds a row that is cleaned up and taken from at the same time.
        pass(&store, 61);
    }
}

/// A take in the future counts as a recent one when the clock may have been slightly wrong, and is dropped
/// when it lies further ahead.
pub async fn a_clock_that_was_set_back_blocks_nobody_for_long(store: StoreUnderTest) {
    let since = Instant::now();
    assert_eq!(take(&store, 1).await, None);
    pass(&store, -30);
    assert_wait(take(&store, 1).await, 90, since);
    pass(&store, -3_600);
    assert_eq!(take(&store, 1).await, None);
    assert_wait(take(&store, 1).await, 60, since);
    pass(&store, -3_600);
    assert_eq!(store.destinations.forget(MINUTE).await.unwrap(), 1);
}
