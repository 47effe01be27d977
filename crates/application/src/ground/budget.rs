//! Counts what is tried at a destination, over all instances.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::canonical::Canonical;
use strongroom_provider_tester::{DestinationBudget, TestError};
use strongroom_repository::DestinationLimitRepository;
use strongroom_vault::{Purpose, PurposeKeys};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// The time over which tests of a destination are counted.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
/// How many destinations an instance remembers before it forgets some of them.
const REMEMBERED: usize = 1_024;
/// The shortest time that a refused caller is asked to wait.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// How long a reservation waits while others are under way that may be given back.
const PATIENCE: Duration = Duration::from_secs(3);

/// The budget of destinations, kept in the store. Destinations are stored as keyed digests, so that the table
/// does not reveal them.
///
/// The store decides. For each destination the instance asks it one question at a time, so that a burst of
/// tests of one destination holds one connection of the pool. The instance remembers until when the store has
/// said that nothing is left. A caller that asks before that time is refused without a question to the store.
pub struct StoredBudget {
    repository: Arc<dyn DestinationLimitRepository>,
    keys: Arc<dyn PurposeKeys>,
    per_minute: u32,
    asked: Mutex<HashMap<Digest, Arc<Turn>>>,
}

type Digest = [u8; 32];

/// What an instance knows about one destination.
#[derive(Default)]
struct Turn {
    /// The last answers. One caller at a time holds the lock to ask the store.
    answers: tokio::sync::Mutex<Answers>,
    /// How many reservations of this instance are under way.
    under_way: AtomicUsize,
    /// Told when a reservation ends.
    ended: Notify,
}

/// One trial that was taken and may be given back. When it is dropped, it stays taken.
pub(crate) struct Reserved {
    digest: Digest,
    turn: Arc<Turn>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.turn.under_way.fetch_sub(1, Ordering::AcqRel);
        self.turn.ended.notify_waiters();
    }
}

#[derive(Default)]
struct Answers {
    /// Until when no test of the destination is left.
    used_up_until: Option<Instant>,
    /// When the store last failed to answer.
    failed_at: Option<Instant>,
}

impl StoredBudget {
    /// Allows each destination `per_minute` tests within any minute.
    pub fn new(
        repository: Arc<dyn DestinationLimitRepository>,
        keys: Arc<dyn PurposeKeys>,
        per_minute: u32,
    ) -> Self {
        Self { repository, keys, per_minute, asked: Mutex::default() }
    }

    /// The part of the budget that each of those has who share it: half, rounded up.
    pub(crate) fn part(&self) -> Self {
        let per_minute = self.per_minute.div_ceil(2);
        Self::new(self.repository.clone(), self.keys.clone(), per_minute)
    }

    /// Takes a trial that may be given back. When none is left, it waits up to three seconds while other
    /// reservations of this instance are under way.
    pub(crate) async fn reserve(&self, destination: &str) -> Result<Reserved, TestError> {
        let digest = self.digest(destination)?;
        let turn = self.turn_of(digest);
        let came = Instant::now();
        loop {
            let mut ended = pin!(turn.ended.notified());
            // From here on the end of another reservation is heard.
            ended.as_mut().enable();
            match self.take_turn(digest, &turn).await {
                Ok(()) => {
                    turn.under_way.fetch_add(1, Ordering::AcqRel);
                    return Ok(Reserved { digest, turn: turn.clone() });
                }
                Err(error @ TestError::DestinationLimit { .. }) => {
                    let others = turn.under_way.load(Ordering::Acquire) > 0;
                    if !others || timeout_at(came + PATIENCE, ended).await.is_err() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives a trial back.
    pub(crate) async fn give_back(&self, reserved: Reserved) {
        if let Err(error) = self.repository.give_back(reserved.digest).await {
            tracing::warn!(%error, "a trial was not given back; it is free again in a minute");
        }
        reserved.turn.answers.lock().await.used_up_until = None;
    }

    async fn take_turn(&self, digest: Digest, turn: &Turn) -> Result<(), TestError> {
        let came = Instant::now();
        let mut answers = turn.answers.lock().await;
        match answers.known(came) {
            Some(refused) => Err(refused),
            None => self.ask(digest, &mut answers).await,
        }
    }

    fn digest(&self, destination: &str) -> Result<Digest, TestError> {
        let message = Canonical::labelled("strongroom/destination/v1").text(destination).finish();
        let key = self.keys.current(Purpose::Audit);
        self.keys.digest(Purpose::Audit, key, &message).map_err(|error| {
            tracing::error!(%error, "a destination could not be digested");
            TestError::Unavailable
        })
    }

    fn turn_of(&self, digest: Digest) -> Arc<Turn> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= REMEMBERED {
            asked.retain(|_, turn| is_asked_about(turn) || is_used_up(turn));
        }
        if asked.len() >= REMEMBERED {
            // An entry may be forgotten here, because the store still has it.
            asked.retain(|_, turn| is_asked_about(turn));
        }
        Arc::clone(asked.entry(digest).or_default())
    }

    /// Asks the store. The caller must hold the lock of the destination.
    async fn ask(&self, digest: Digest, answers: &mut Answers) -> Result<(), TestError> {
        match self.repository.take(digest, self.per_minute, WINDOW).await {
            Ok(None) => Ok(()),
            Ok(Some(retry_after)) => {
                answers.used_up_until = Some(Instant::now() + retry_after.min(WINDOW));
                Err(TestError::DestinationLimit { retry_after })
            }
            Err(error) => {
                tracing::warn!(%error, "a test of a destination could not be counted");
                answers.failed_at = Some(Instant::now());
                Err(TestError::Unavailable)
            }
        }
    }
}

impl Answers {
    /// The refusal of a caller that came at `came`, when it is known without a question to the store.
    fn known(&self, came: Instant) -> Option<TestError> {
        let left = self.used_up_until.map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Some(TestError::DestinationLimit { retry_after: left.max(SHORTEST_WAIT) });
        }
        // Callers who waited while the store failed are refused at once. Otherwise each of them would wait
        // for the store in turn.
        self.failed_at.filter(|failed_at| *failed_at > came).map(|_| TestError::Unavailable)
    }
}

fn is_asked_about(turn: &Arc<Turn>) -> bool {
    Arc::strong_count(turn) > 1
}

fn is_used_up(turn: &Turn) -> bool {
    let answers = turn.answers.try_lock();
    answers.is_ok_and(|answers| answers.used_up_until.is_some_and(|until| until > Instant::now()))
}

#[async_trait]
impl DestinationBudget for StoredBudget {
    async fn take(&self, destination: &str) -> Result<(), TestError> {
        let digest = self.digest(destination)?;
        self.take_turn(digest, &self.turn_of(digest)).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use futures_util::future::join_all;
    use strongroom_fixtures::TestPurposeKeys;
    use strongroom_repository::{StoreError, StoreResult};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A store that has `left` tests left of any destination, takes a second to answer, and counts questions.
    struct Store {
        left: AtomicU32,
        away: bool,
        asked: AtomicU32,
        asking: AtomicU32,
        asking_at_most: AtomicU32,
    }

    impl Store {
        fn with(left: u32) -> Arc<Self> {
            Arc::new(Self {
                left: AtomicU32::new(left),
                away: false,
                asked: AtomicU32::new(0),
                asking: AtomicU32::new(0),
                asking_at_most: AtomicU32::new(0),
            })
        }

        fn budget(self: &Arc<Self>) -> StoredBudget {
            StoredBudget::new(self.clone(), Arc::new(TestPurposeKeys::new()), 5)
        }

        fn asked(&self) -> u32 {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl DestinationLimitRepository for Store {
        async fn take(&self, _: Digest, _: u32, window: Duration) -> StoreResult<Option<Duration>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let asking = self.asking.fetch_add(1, Ordering::Relaxed) + 1;
            self.asking_at_most.fetch_max(asking, Ordering::Relaxed);
            tokio::time::sleep(SECOND).await;
            self.asking.fetch_sub(1, Ordering::Relaxed);
            if self.away {
                return Err(StoreError::Unavailable("the store is away".into()));
            }
            let taken =
                self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            Ok(taken.err().map(|_| window - 10 * SECOND))
        }

        async fn give_back(&self, _: Digest) -> StoreResult<()> {
            self.left.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        async fn forget(&self, _: Duration) -> StoreResult<u64> {
            Ok(0)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_on_one_destination_asks_the_store_one_at_a_time_and_only_until_it_is_used_up() {
        let store = Store::with(5);
        let budget = store.budget();
        let taken = join_all((0..200).map(|_| budget.take("192.0.2.7:22"))).await;
        assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 5);
        let waits = taken.into_iter().filter_map(Result::err).map(|error| match error {
            TestError::DestinationLimit { retry_after } => retry_after,
            TestError::Unavailable => panic!("the store is there"),
        });
        assert!(waits.into_iter().all(|wait| wait == 50 * SECOND));
        assert_eq!((store.asked(), store.asking_at_most.load(Ordering::Relaxed)), (6, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_before_a_test_is_free_is_refused_without_the_store_and_then_it_is_asked_again() {
        let store = Store::with(0);
        let budget = store.budget();
        budget.take("192.0.2.7:22").await.unwrap_err();
        tokio::time::advance(49 * SECOND).await;
        let error = budget.take("192.0.2.7:22").await.unwrap_err();
        assert!(matches!(error, TestError::DestinationLimit { retry_after } if retry_after == SECOND));
        assert_eq!(store.asked(), 1);
        store.left.store(1, Ordering::Relaxed);
        tokio::time::advance(SECOND).await;
        budget.take("192.0.2.7:22").await.unwrap();
        assert_eq!(store.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn reservations_wait_for_those_that_are_given_back_and_not_for_others() {
        let store = Store::with(2);
        let budget = Arc::new(store.budget());
        let held =
            [budget.reserve("192.0.2.7:22").await.unwrap(), budget.reserve("192.0.2.7:22").await.unwrap()];
        let next = tokio::spawn({
            let budget = budget.clone();
            async move { budget.reserve("192.0.2.7:22").await.map(drop) }
        });
        tokio::time::sleep(2 * SECOND).await;
        assert!(!next.is_finished());
        let [good, bad] = held;
        budget.give_back(good).await;
        next.await.unwrap().unwrap();
        let began = Instant::now();
        budget.reserve("192.0.2.7:22").await.map(drop).unwrap_err();
        assert_eq!(began.elapsed(), PATIENCE.max(SECOND), "another one is under way, and does not end");
        drop(bad);
        let began = Instant::now();
        budget.reserve("192.0.2.7:22").await.map(drop).unwrap_err();
        assert!(began.elapsed() < SECOND, "none is under way");
    }

    #[tokio::test(start_paused = true)]
    async fn destinations_do_not_wait_for_each_other() {
        let store = Store::with(100);
        let budget = store.budget();
        let began = Instant::now();
        let destinations: Vec<_> = (0..20).map(|host| format!("192.0.2.{host}:22")).collect();
        let taken = join_all(destinations.iter().map(|destination| budget.take(destination))).await;
        assert!(taken.iter().all(Result::is_ok));
        assert_eq!(began.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_away_is_waited_for_once() {
        let mut store = Store::with(5);
        Arc::get_mut(&mut store).unwrap().away = true;
        let budget = store.budget();
        let began = Instant::now();
        let taken = join_all((0..50).map(|_| budget.take("192.0.2.7:22"))).await;
        assert!(taken.iter().all(|taken| matches!(taken, Err(TestError::Unavailable))));
        assert_eq!((store.asked(), began.elapsed()), (1, SECOND));
        budget.take("192.0.2.7:22").await.unwrap_err();
        assert_eq!(store.asked(), 2, "later callers ask again");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_remembers_a_bounded_number_of_destinations() {
        let budget = Store::with(0).budget();
        let destinations: Vec<_> = (0..3 * REMEMBERED).map(|number| format!("{number}.example:22")).collect();
        let taken = join_all(destinations.iter().map(|destination| budget.take(destination))).await;
        assert!(taken.iter().all(Result::is_err));
        budget.take("one-more.example:22").await.unwrap_err();
        assert!(budget.asked.lock().unwrap().len() <= REMEMBERED);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_used_up_is_remembered_before_what_is_not() {
        let store = Store::with(0);
        let budget = store.budget();
        budget.take("192.0.2.7:22").await.unwrap_err();
        store.left.store(u32::MAX, Ordering::Relaxed);
        let destinations: Vec<_> = (1..REMEMBERED).map(|number| format!("{number}.example:22")).collect();
        let taken = join_all(destinations.iter().map(|destination| budget.take(destination))).await;
        assert!(taken.iter().all(Result::is_ok));
        budget.take("one-more.example:22").await.unwrap();
        let asked = store.asked();
        budget.take("192.0.2.7:22").await.unwrap_err();
        assert_eq!(store.asked(), asked);
    }
}
