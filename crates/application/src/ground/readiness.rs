//! Decides whether this instance is ready for requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long an answer of the store counts as recent.
const FRESH: Duration = Duration::from_secs(1);

/// What the instance knows about its own state.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<State>);

#[derive(Default)]
struct State {
    reached: Option<Instant>,
    /// What the last look whether the store can be written has found, and when.
    looked: Option<(Instant, bool)>,
    /// How many writes have failed in a row, and when the last one did. A look may succeed although they
    /// fail: it needs less room.
    failures: u32,
    failed: Option<Instant>,
    /// Whether a write has failed since the last look.
    is_suspect: bool,
    draining: bool,
}

/// How long the store counts as writable after it was found to be.
const TRUSTED: Duration = Duration::from_secs(5);

impl Readiness {
    /// Whether the store, with current migrations, was reached within the last second, could be written when
    /// that was looked at last, has not refused two writes in a row within 5 seconds, and the instance is not
    /// shutting down.
    pub(crate) fn is_ready(&self) -> bool {
        let state = self.state();
        let is_reached = state.reached.is_some_and(|at| at.elapsed() <= FRESH);
        let fails = state.failures > 1 && state.failed.is_some_and(|at| at.elapsed() < TRUSTED);
        !state.draining && is_reached && !fails && state.looked.is_none_or(|(_, is_writable)| is_writable)
    }

    /// Whether it is time to look whether the store can be written: every 5 seconds, and at once when a write
    /// has failed, or when it could not be written at the last look.
    pub(crate) fn should_look(&self) -> bool {
        let state = self.state();
        let is_trusted = state.looked.is_some_and(|(at, is_writable)| is_writable && at.elapsed() < TRUSTED);
        state.is_suspect || !is_trusted
    }

    /// Notes whether the store can be written.
    pub(crate) fn note_look(&self, is_writable: bool) {
        let mut state = self.state();
        (state.looked, state.is_suspect) = (Some((Instant::now(), is_writable)), false);
    }

    /// Notes whether a write of events has succeeded.
    pub(crate) fn note_write(&self, is_written: bool) {
        let mut state = self.state();
        if is_written {
            state.failures = 0;
            return;
        }
        state.failures = state.failures.saturating_add(1);
        (state.failed, state.is_suspect) = (Some(Instant::now()), true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the store has just answered with current migrations.
    pub(crate) fn note_store_reached(&self) {
        self.state().reached = Some(Instant::now());
    }

    /// Whether the instance is shutting down.
    pub(crate) fn is_draining(&self) -> bool {
        self.state().draining
    }

    /// Announces the shutdown: the instance is not ready from now on.
    pub(crate) fn drain(&self) {
        self.state().draining = true;
    }
}
