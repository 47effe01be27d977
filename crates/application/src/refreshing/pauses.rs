//! Providers that did not answer are left alone for a while, so that an outage is not met with a storm.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a provider is left alone after a call to it failed (security.md 5.7: at most one request in 5
/// seconds per provider and instance while it is away).
const PAUSE: Duration = Duration::from_secs(5);

/// The pauses of this instance.
#[derive(Default)]
pub(crate) struct ProviderPauses(Mutex<HashMap<String, Pause>>);

struct Pause {
    until: Instant,
    /// Whether somebody is trying right now whether it is over.
    trying: bool,
}

impl ProviderPauses {
    /// Whether a call may be made now; else how long to wait. After a pause one caller tries, and the others
    /// wait for what comes of it.
    pub(crate) fn enter(&self, place: &str) -> Result<(), Duration> {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pause) = pauses.get_mut(place) else { return Ok(()) };
        let left = pause.until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Err(left);
        }
        if pause.trying {
            // Whoever tries may be gone; after another pause somebody else may.
            pause.until = Instant::now() + PAUSE;
            pause.trying = false;
            return Err(PAUSE);
        }
        pause.trying = true;
        Ok(())
    }

    /// The call was not made after all.
    pub(crate) fn forgo(&self, place: &str) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = pauses.get_mut(place) {
            pause.trying = false;
        }
    }

    /// The provider has answered, whatever it said.
    pub(crate) fn answered(&self, place: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }

    /// It has not.
    pub(crate) fn failed(&self, place: String) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody has asked for in a while is forgotten, so that places do not pile up.
        pauses.retain(|_, pause| pause.until.elapsed() < PAUSE * 60);
        pauses.insert(place, Pause { until: Instant::now() + PAUSE, trying: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_is_away_gets_one_call_in_five_seconds() {
        let pauses = ProviderPauses::default();
        assert!(pauses.enter("acme").is_ok());
        pauses.failed("acme".into());
        assert_eq!(pauses.enter("acme"), Err(PAUSE));
        assert!(pauses.enter("globex").is_ok(), "others are not held up");
        tokio::time::advance(PAUSE).await;
        assert!(pauses.enter("acme").is_ok(), "one caller tries");
        assert!(pauses.enter("acme").is_err(), "the others wait for what comes of it");
        pauses.answered("acme");
        assert!(pauses.enter("acme").is_ok() && pauses.enter("acme").is_ok());
    }
}
