use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_fixtures::{Gate, Held};
use strongroom_repository::{StoreError, StoreResult};

use crate::Call;

/// The answer of a store that is away.
pub fn unavailable() -> StoreError {
    #[derive(Debug, thiserror::Error)]
    #[error("the fake store was told to be away")]
    struct ToldToBeAway;
    StoreError::Unavailable(Box::new(ToldToBeAway))
}

/// What goes wrong, and when: of one instance of the store, and of all its clones.
///
/// What is set for the next call of a method is used up by that call; set several times, it is a queue. What
/// lasts holds for every call that nothing else was set for, until [`Self::heal`]. A call that is delayed or
/// held meets what lasts when its wait is over. A caller that gives up while its call waits takes the call
/// back: nothing is done.
///
/// Every call lets other tasks run before it does anything, as one that goes to a database does.
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

/// What was set for one call.
#[derive(Debug)]
enum Fault {
    Spare,
    Fail(StoreError),
    LoseAnswer,
    Hold(Gate),
    HoldAnswer(Gate),
}

impl Faults {
    /// The next call of this method has this error, and does nothing.
    pub fn fail_next(&self, call: Call, error: StoreError) {
        self.set(call, Fault::Fail(error));
    }

    /// The next call of this method is carried out, and its caller is told that the store is unavailable.
    pub fn lose_answer(&self, call: Call) {
        self.set(call, Fault::LoseAnswer);
    }

    /// The next call of this method goes well, so that a fault that is set after it meets the one after.
    pub fn spare_next(&self, call: Call) {
        self.set(call, Fault::Spare);
    }

    /// The next call of this method waits before it does anything, until it is let go.
    pub fn hold(&self, call: Call) -> Held {
        let (gate, held) = Gate::shut();
        self.set(call, Fault::Hold(gate));
        held
    }

    /// The next call of this method is carried out, and its answer waits until it is let go.
    pub fn hold_answer(&self, call: Call) -> Held {
        let (gate, held) = Gate::shut();
        self.set(call, Fault::HoldAnswer(gate));
        held
    }

    /// Every call of this method is unavailable and does nothing.
    pub fn fail_every(&self, call: Call) {
        self.script(|script| script.away.insert(call));
    }

    /// Every call of every method is unavailable and does nothing.
    pub fn fail_all(&self) {
        self.script(|script| script.is_away = true);
    }

    /// Every call of this method takes so long, by tokio's time, before it does anything.
    pub fn delay(&self, call: Call, by: Duration) {
        self.script(|script| script.delays.insert(call, by));
    }

    /// Every call takes so long, those apart that have a delay of their own.
    pub fn delay_all(&self, by: Duration) {
        self.script(|script| script.delay = by);
    }

    /// Ends everything that was set, what waits for its call too. Calls that are held by now stay so until
    /// they are let go.
    pub fn heal(&self) {
        self.script(|script| {
            *script = Script { history: std::mem::take(&mut script.history), ..Script::default() };
        });
    }

    /// Every call so far, in the order in which they came, those that failed too.
    pub(crate) fn history(&self) -> Vec<Call> {
        self.script(|script| script.history.clone())
    }

    /// Lets a call come in: counts it, makes it wait, and tells it what becomes of it.
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

/// What becomes of the answer of a call that is carried out.
#[derive(Debug)]
pub(crate) enum Leaving {
    Free,
    Lost,
    Held(Gate),
}

impl Leaving {
    /// The answer as its caller gets it.
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
