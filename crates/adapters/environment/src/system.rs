//! Clock, ids and randomness of the operating system.

use ring::rand::{SecureRandom, SystemRandom};
use strongroom_environment::{Clock, Ids, Randomness, RandomnessUnavailable};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// The clock of the host.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's one real implementation")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now - Duration::nanoseconds(i64::from(now.nanosecond() % 1_000))
    }
}

/// UUIDv7 ids. All instances use one counter of the process, which keeps the ids ascending when the host's
/// clock steps back.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the Ids port's one real implementation")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The random number generator of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        SystemRandom::new().fill(bytes).map_err(|_| RandomnessUnavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn ids_grow_over_all_threads_of_the_process() {
        let last = Mutex::new(Uuid::nil());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let mut last = last.lock().unwrap();
                        let next = SystemIds.next();
                        assert!(next > *last, "{next} after {last}");
                        *last = next;
                    }
                });
            }
        });
    }

    #[test]
    fn ids_drawn_without_a_lock_are_unique_and_grow_within_each_thread() {
        let all = Mutex::new(BTreeSet::new());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let mine: Vec<Uuid> = (0..2_000).map(|_| SystemIds.next()).collect();
                    assert!(mine.is_sorted_by(|a, b| a < b));
                    all.lock().unwrap().extend(mine);
                });
            }
        });
        let all = all.into_inner().unwrap();
        assert_eq!(all.len(), 32_000);
        assert!(all.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn the_clock_is_in_utc_and_does_not_stand_in_the_past() {
        let now = SystemClock.now();
        assert!(now.offset().is_utc() && now.year() >= 2025);
    }

    #[test]
    fn randomness_fills_the_whole_buffer_and_differs_each_time() {
        let (mut first, mut second) = ([0; 64], [0; 64]);
        SystemRandomness.fill(&mut first).unwrap();
        SystemRandomness.fill(&mut second).unwrap();
        assert_ne!(first, second);
        assert!(first[48..] != [0; 16]);
    }
}
