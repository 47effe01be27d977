//! Makes callbacks with one state wait for each other in this instance, so that the second one finds what the
//! first one has brought.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_domain::oauth::Digest;
use tokio::sync::OwnedMutexGuard;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// The callbacks that are under way.
#[derive(Default)]
pub(crate) struct CallbackTurns(Mutex<HashMap<Digest, Turn>>);

impl CallbackTurns {
    /// Waits for the callbacks with this state that came before.
    pub(crate) async fn take(&self, state: Digest) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(state).or_default().clone()
        };
        turn.lock_owned().await
    }
}
