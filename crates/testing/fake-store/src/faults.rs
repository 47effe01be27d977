use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_fixtures::{Gate, Held};
use strongroom_repository::{StoreError, StoreResult};

use crate::Call;

/// The error of a store that is away.
pub fn unavailable() -> StoreError {
    #[derive(Debug, thiserror::Error)]
    #[error("the fake store was told to be away")]
    struct ToldToBeAway;
    StoreError::Unavailable(Box::new(ToldToBeAway))
}

/// The faults of one instance of the store and of all its clones.
///
/// A fault that is set for the next call of a method is used by that call only; several of them form a queue.
/// A lasting fault applies to every call for which no other one was set, until [`Self::heal`]; a delay
/// applies to those as well. A call that is delayed or held looks for lasting faults when its wait is over.
/// When a caller is dropped while its call waits, nothing is done.
///
/// Every call lets other tasks run before it does anything, like a call to a database.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    history: Vec<Call>,
    next: BTreeMap<Call, VecDeque<Fault>>,
    is_away: bool,
    away: BTreeSet<Call>,
    delay: Duration,
    delays: BTreeMap<Call, Duration>,
}

/// The fault that was set for one call.
#[derive(Debug)]
enum Fault {
    Spare,
    Fail(StoreError),
    LoseAnswer,
    Hold(Gate),
    HoldAnswer(Gate),
}

impl Faults {
    /// Makes the next call of this method return this error. It does nothing else.
    pub fn fail_next(&self, call: Call, error: StoreError) {
        self.set(call, Fault::Fail(error));
    }

    /// Makes the next call of this method do its work and return that the store is unavailable.
    pub fn lose_answer(&self, call: Call) {
        self.set(call, Fault::LoseAnswer);
    }

    /// Makes the next call of this method succeed, so that a fault that is set afterwards applies to the call
    /// after it.
    pub fn spare_next(&self, call: Call) {
        self.set(call, Fault::Spare);
    }

    /// Makes the next call of this method wait before it does anything, until it is released.
    pub fn hold(&self, call: Call) -> Held {
        let (gate, held) = Gate::shut();
        self.set(call, Fault::Hold(gate));
        held
    }

    /// Makes the next call of this method do its work and hold its answer until it is released.
    pub fn hold_answer(&self, call: Call) -> Held {
        let (gate, held) = Gate::shut();
        self.set(call, Fault::HoldAnswer(gate));
        held
    }

    /// Makes every call of this method return that the store is unavailable, and do nothing.
    pub fn fail_every(&self, call: Call) {
        self.script(|script| script.away.insert(call));
    }

    /// Makes every call of every method return that the store is unavailable, and do nothing.
    pub fn fail_all(&self) {
        self.script(|script| script.is_away = true);
    }

    /// Makes every call of this method wait this long, by tokio's time, before it does anything.
    pub fn delay(&self, call: Call, by: Duration) {
        self.script(|script| script.delays.insert(call, by));
    }

    /// Makes every call wait this long, except those that have a delay of their own.
    pub fn delay_all(&self, by: Duration) {
        self.script(|script| script.delay = by);
    }

    /// Removes every fault, also those that wait for their call. Calls that are already held stay held until
    /// they are released.
    pub fn heal(&self) {
        self.script(|script| {
            *script = Script { history: std::mem::take(&mut script.history), ..Script::default() };
        });
    }

    /// Every call so far, in order, also those that failed.
    pub(crate) fn history(&self) -> Vec<Call> {
        self.script(|script| script.history.clone())
    }

    /// Receives a call: it counts the call, makes it wait, and returns what happens to its answer.
    pub(crate) async fn meet(&self, call: Call) -> StoreResult<Leaving> {
        let (fault, delay) = self.script(|script| {
            script.history.push(call);
            let fault = script.next.get_mut(&call).and_then(VecDeque::pop_front);
            (fault, script.delays.get(&call).copied().unwrap_or(script.delay))
        });
        match delay {
            Duration::ZERO => tokio::task::yield_now().await,
            delay => tokio::time::sleep(delay).await,
        }
        match fault {
            Some(Fault::Fail(error)) => return Err(error),
            Some(Fault::LoseAnswer) => return Ok(Leaving::Lost),
            Some(Fault::HoldAnswer(gate)) => return Ok(Leaving::Held(gate)),
            Some(Fault::Spare) => return Ok(Leaving::Free),
            Some(Fault::Hold(gate)) => gate.pass().await,
            None => {}
        }
        match self.script(|script| script.is_away || script.away.contains(&call)) {
            true => Err(unavailable()),
            false => Ok(Leaving::Free),
        }
    }

    fn set(&self, call: Call, fault: Fault) {
        self.script(|script| script.next.entry(call).or_default().push_back(fault));
    }

    fn script<T>(&self, work: impl FnOnce(&mut Script) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What happens to the answer of a call that did its work.
#[derive(Debug)]
pub(crate) enum Leaving {
    Free,
    Lost,
    Held(Gate),
}

impl Leaving {
    /// Returns the answer as the caller gets it.
    pub(crate) async fn with<T>(self, answer: StoreResult<T>) -> StoreResult<T> {
        match self {
            Self::Free => answer,
            Self::Lost => Err(unavailable()),
            Self::Held(gate) => {
                gate.pass().await;
                answer
            }
        }
    }
}
