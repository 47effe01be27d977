//! Makes a pause after a provider did not answer, so that an outage is not made worse by many requests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long no call to a provider is made after one failed (security.md 5.7: at most one request in 5 seconds
/// per provider and instance while it does not answer).
const PAUSE: Duration = Duration::from_secs(5);

/// The pauses of this instance.
#[derive(Default)]
pub(crate) struct ProviderPauses(Mutex<HashMap<String, Pause>>);

struct Pause {
    until: Instant,
    /// Whether a caller is trying right now whether the provider answers again.
    trying: bool,
}

impl ProviderPauses {
    /// Whether a call may be made now; `Err` holds how long to wait. After a pause one caller tries, and the
    /// others wait for one more pause.
    pub(crate) fn enter(&self, place: &str) -> Result<(), Duration> {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pause) = pauses.get_mut(place) else { return Ok(()) };
        let left = pause.until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Err(left);
        }
        if pause.trying {
            // The caller that tries may never report a result, so after another pause the next caller may
            // try.
            pause.until = Instant::now() + PAUSE;
            pause.trying = false;
            return Err(PAUSE);
        }
        pause.trying = true;
        Ok(())
    }

    /// Reports that the call was not made after all.
    pub(crate) fn forgo(&self, place: &str) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = pauses.get_mut(place) {
            pause.trying = false;
        }
    }

    /// Reports that the provider has answered, whatever the answer was.
    pub(crate) fn answered(&self, place: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }

    /// Reports that the provider did not answer, and begins a pause.
    pub(crate) fn failed(&self, place: String) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Pauses that ended long ago are removed, so that the map does not grow without limit.
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
