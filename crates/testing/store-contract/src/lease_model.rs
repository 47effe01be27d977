//! Compares the lease of a refresh with a model. Whatever the order of events, both agree, and so two owners
//! never work on one version at the same time.

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use strongroom_domain::Credential;
use strongroom_fixtures::{SeededIds, count, credential, organization};
use strongroom_repository::{Ended, Lease};
use uuid::Uuid;

use crate::StoreUnderTest;
use crate::leases::{refreshed, told};
use crate::under_test::{payload_of, updated};

/// How many events a history has.
const STEPS: usize = 20;
/// [`strongroom_domain::oauth::DOUBT`], in seconds.
const DOUBT: i64 = 5;
/// The length of a lease, in seconds.
const LENGTH: i64 = 30;

/// An event in a history. There are few owners, so that they conflict. `late` says by how many versions the
/// event is behind.
#[derive(Debug, Clone)]
enum Event {
    Acquire { owner: u128, late: u64 },
    Store { owner: u128, late: u64 },
    Fail { owner: u128, seconds: i64, ended: Ended },
    Edit,
    Pass(i64),
}

fn events() -> impl Strategy<Value = Event> {
    let late = prop_oneof![4 => Just(0_u64), 1 => Just(1)];
    let ended = prop_oneof![
        Just(Ended::NotTried),
        Just(Ended::Failed),
        Just(Ended::AnswerLost),
        Just(Ended::Doubted)
    ];
    prop_oneof![
        5 => (1..=3_u128, late.clone()).prop_map(|(owner, late)| Event::Acquire { owner, late }),
        1 => (1..=3_u128, late).prop_map(|(owner, late)| Event::Store { owner, late }),
        2 => (1..=3_u128, prop_oneof![Just(0_i64), Just(20), Just(60)], ended)
            .prop_map(|(owner, seconds, ended)| Event::Fail { owner, seconds, ended }),
        1 => Just(Event::Edit),
        3 => prop_oneof![Just(10_i64), Just(31)].prop_map(Event::Pass),
    ]
}

/// The model's record of the attempts for one version. Times are in seconds since the beginning.
#[derive(Debug, Default, Clone)]
struct Attempts {
    version: u64,
    owner: Option<u128>,
    held_until: Option<i64>,
    retry_at: Option<i64>,
    failures: u32,
    interrupted: bool,
    doubted_at: Option<i64>,
}

#[derive(Debug)]
struct Model {
    now: i64,
    version: u64,
    attempts: Attempts,
}

impl Model {
    fn acquire(&mut self, owner: u128, version: u64) -> Lease {
        if version != self.version {
            return Lease::Moved;
        }
        if self.attempts.version != version {
            self.attempts = Attempts { version, ..Attempts::default() };
        }
        let attempts = &mut self.attempts;
        if attempts.held_until.is_some_and(|end| end > self.now) {
            return Lease::Held;
        }
        if let Some(at) = attempts.retry_at.filter(|at| *at > self.now) {
            return Lease::NotYet(Duration::from_secs(at.abs_diff(self.now)));
        }
        attempts.interrupted |= attempts.owner.is_some();
        attempts.owner = Some(owner);
        attempts.held_until = Some(self.now + LENGTH);
        attempts.retry_at = None;
        let doubted = attempts.doubted_at.is_some_and(|at| at + DOUBT <= self.now);
        Lease::Acquired { failures: attempts.failures, interrupted: attempts.interrupted, doubted }
    }

    fn store(&mut self, version: u64) -> bool {
        let stored = version == self.version;
        self.version += u64::from(stored);
        stored
    }

    fn fail(&mut self, owner: u128, seconds: i64, ended: Ended) {
        let attempts = &mut self.attempts;
        if attempts.owner != Some(owner) {
            return;
        }
        (attempts.owner, attempts.held_until) = (None, None);
        attempts.retry_at = Some(self.now + seconds);
        attempts.failures += u32::from(ended != Ended::NotTried);
        attempts.interrupted |= ended == Ended::AnswerLost;
        if ended == Ended::Doubted {
            attempts.doubted_at.get_or_insert(self.now);
        }
    }
}

/// Rounds a wait up to whole seconds, because the store's clock moves between two events.
fn to_the_second(lease: Lease) -> Lease {
    match lease {
        Lease::NotYet(wait) => Lease::NotYet(Duration::from_secs(wait.as_secs_f64().ceil() as u64)),
        lease => lease,
    }
}

/// Plays random histories of one credential on the store and on the model.
pub async fn leases_are_what_their_model_says(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut runner = TestRunner::deterministic();
    for _ in 0..count(30, 500) {
        let history = prop::collection::vec(events(), STEPS).new_tree(&mut runner).unwrap().current();
        let mut known = credential(&acme, ids.credential());
        store.store(&known).await;
        let mut model = Model { now: 0, version: 1, attempts: Attempts::default() };
        for (step, event) in history.iter().enumerate() {
            let same = happens(&store, &mut known, &mut model, event).await;
            assert!(same, "step {step} of {history:?}: {model:?}");
        }
    }
}

/// Plays one event. Returns whether the store gives the answer of the model.
async fn happens(store: &StoreUnderTest, known: &mut Credential, model: &mut Model, event: &Event) -> bool {
    let (organization, id) = (known.organization.clone(), known.id);
    let seen = |late: u64| known.version.saturating_sub(late);
    let leases = &store.leases;
    match *event {
        Event::Acquire { owner, late } => {
            let (version, length) = (seen(late), Duration::from_secs(LENGTH.unsigned_abs()));
            let answer = leases.acquire(&organization, id, version, Uuid::from_u128(owner), length).await;
            to_the_second(answer.unwrap()) == model.acquire(owner, version)
        }
        Event::Store { owner, late } => {
            let before = Credential { version: seen(late), ..known.clone() };
            let (after, payload) = refreshed(&before);
            let owner = Uuid::from_u128(owner);
            let stored = leases.store(&after, &payload, before.version, owner, told(known)).await.unwrap();
            if stored {
                *known = after;
            }
            stored == model.store(before.version)
        }
        Event::Fail { owner, seconds, ended } => {
            model.fail(owner, seconds, ended);
            let wait = Duration::from_secs(seconds.unsigned_abs());
            leases.fail(&organization, id, Uuid::from_u128(owner), wait, ended).await.is_ok()
        }
        Event::Edit => {
            let (version, revision) = (known.version + 1, known.revision + 1);
            let next = Credential { version, revision, ..known.clone() };
            let (was, seen) = (known.revision, known.version);
            store.credentials.replace(&next, &payload_of(&next), was, seen, updated(&next)).await.unwrap();
            *known = next;
            model.store(seen)
        }
        Event::Pass(seconds) => {
            (store.age)(time::Duration::seconds(seconds));
            model.now += seconds;
            true
        }
    }
}
