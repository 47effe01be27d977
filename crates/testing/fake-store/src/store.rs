use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_domain::{AuditEvent, Evidence};
use strongroom_environment::Clock;
use strongroom_fixtures::RunningClock;
use strongroom_repository::StoreResult;
use strongroom_vault::PurposeKeys;
use time::{Duration, OffsetDateTime};

use crate::audit::Chains;
use crate::rows::Rows;
use crate::{Call, Faults};

/// A store in memory. It implements every port of `strongroom_repository`, and `WrapLedger`.
///
/// Clones are the same instance of the service: they share rows, faults and counts.
/// [`Self::another_instance`] shares only the stored data, the keys and the clock.
#[derive(Clone)]
pub struct FakeStore {
    state: Arc<Mutex<State>>,
    faults: Arc<Faults>,
    keys: Arc<dyn PurposeKeys>,
    clock: Arc<dyn Clock>,
}

/// The rows, and the audit chains with the evidence of their changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) rows: Rows,
    pub(crate) chains: Chains,
}

impl FakeStore {
    /// Makes an empty store whose clock follows tokio's time and starts at `instant(0)` of the fixtures.
    /// `keys` authenticate its audit records.
    ///
    /// Call it within the runtime of the test, because the clock follows the time of that runtime.
    pub fn new(keys: Arc<dyn PurposeKeys>) -> Self {
        Self::with_clock(keys, Arc::new(RunningClock::default()))
    }

    /// Makes an empty store with another clock, for example the one of the service, or one that differs from
    /// it.
    pub fn with_clock(keys: Arc<dyn PurposeKeys>, clock: Arc<dyn Clock>) -> Self {
        Self { state: Arc::default(), faults: Arc::default(), keys, clock }
    }

    /// Another instance of the service with the same rows and the same clock, and with faults and counts of
    /// its own.
    #[must_use]
    pub fn another_instance(&self) -> Self {
        Self { faults: Arc::default(), ..self.clone() }
    }

    /// The faults of this instance.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Reads from the current state.
    pub(crate) async fn read<T: Send>(
        &self,
        call: Call,
        question: impl FnOnce(&State, OffsetDateTime) -> T + Send,
    ) -> StoreResult<T> {
        let leaving = self.faults.meet(call).await?;
        let answer = self.locked(|state, now| question(state, now));
        leaving.with(Ok(answer)).await
    }

    /// Changes rows and records the events that the change names, all or nothing.
    pub(crate) async fn write<T: Send>(
        &self,
        call: Call,
        change: impl FnOnce(&mut Rows, OffsetDateTime) -> StoreResult<(T, Vec<AuditEvent>)> + Send,
    ) -> StoreResult<T> {
        let leaving = self.faults.meet(call).await?;
        let answer = self.locked(|state, now| {
            let mut rows = state.rows.clone();
            let (answer, events) = change(&mut rows, now)?;
            state.chains.extend(&*self.keys, now, &events)?;
            state.rows = rows;
            Ok(answer)
        });
        leaving.with(answer).await
    }

    /// Changes rows and records `evidence`. Returns whether there was something to do. A change that returns
    /// `Ok(false)` must have changed nothing.
    pub(crate) async fn mutate(
        &self,
        call: Call,
        evidence: Evidence,
        change: impl FnOnce(&mut Rows, OffsetDateTime) -> StoreResult<bool> + Send,
    ) -> StoreResult<bool> {
        self.write(call, |rows, now| {
            let done = change(rows, now)?;
            Ok((done, if done { evidence.events().cloned().collect() } else { Vec::new() }))
        })
        .await
    }

    /// Makes a change that has no event: all of it or, when it fails, nothing.
    pub(crate) async fn note<T: Send>(
        &self,
        call: Call,
        change: impl FnOnce(&mut Rows, OffsetDateTime) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        self.write(call, |rows, now| Ok((change(rows, now)?, Vec::new()))).await
    }

    /// Appends events alone, and returns their places.
    pub(crate) async fn append_events(&self, events: &[AuditEvent]) -> StoreResult<Vec<u64>> {
        let leaving = self.faults.meet(Call::AppendEvents).await?;
        let places = self.locked(|state, now| state.chains.extend(&*self.keys, now, events));
        leaving.with(places).await
    }

    /// Does work under the lock, so that no other call sees it half done, at the store's time in whole
    /// microseconds.
    pub(crate) fn locked<T>(&self, work: impl FnOnce(&mut State, OffsetDateTime) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        work(&mut state, now - Duration::nanoseconds(i64::from(now.nanosecond() % 1_000)))
    }
}

impl fmt::Debug for FakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeStore").field("faults", &self.faults).finish_non_exhaustive()
    }
}
