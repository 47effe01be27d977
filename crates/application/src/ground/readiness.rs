//! Decides whether this instance is ready for requests.

use std::sync::{Mutex, PoisonError};
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
    draining: bool,
}

impl Readiness {
    /// Whether the store, with current migrations, was reached within the last second, and the instance is
    /// not shutting down.
    pub(crate) fn is_ready(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !state.draining && state.reached.is_some_and(|at| at.elapsed() <= FRESH)
    }

    /// Notes that the store has just answered with current migrations.
    pub(crate) fn note_store_reached(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).reached = Some(Instant::now());
    }

    /// Whether the instance is shutting down.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).draining
    }

    /// Announces the shutdown: the instance is not ready from now on.
    pub(crate) fn drain(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).draining = true;
    }
}
