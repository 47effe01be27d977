//! API keys that were verified a moment ago, so that a burst of requests costs one look-up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::ApiKeyId;
use strongroom_repository::KeyHolder;
use tokio::time::Instant;

/// How long a verification counts. Another instance's revocation takes effect within this time.
pub(crate) const LIFETIME: Duration = Duration::from_secs(2);
const CAPACITY: usize = 10_000;

/// Verified keys by key id and a digest of the whole presented secret, so that a wrong secret never matches
/// the entry of a right one.
#[derive(Default)]
pub(crate) struct VerifiedKeys(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_key: HashMap<(ApiKeyId, [u8; 32]), (KeyHolder, Instant)>,
    /// Counts revocations, so that a look-up that began before one cannot put its answer in after it.
    epoch: u64,
}

impl VerifiedKeys {
    pub(crate) fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    pub(crate) fn get(&self, id: &ApiKeyId, digest: [u8; 32]) -> Option<KeyHolder> {
        let entries = self.lock();
        let (holder, since) = entries.by_key.get(&(id.clone(), digest))?;
        (since.elapsed() < LIFETIME).then(|| holder.clone())
    }

    /// Remembers a verification, unless a revocation has happened since `epoch` was read.
    pub(crate) fn insert(
        &self,
        id: ApiKeyId,
        digest: [u8; 32],
        holder: KeyHolder,
        looked_up: Instant,
        epoch: u64,
    ) {
        let mut entries = self.lock();
        if entries.epoch != epoch {
            return;
        }
        if entries.by_key.len() >= CAPACITY {
            entries.by_key.retain(|_, (_, since)| since.elapsed() < LIFETIME);
        }
        if entries.by_key.len() < CAPACITY {
            entries.by_key.insert((id, digest), (holder, looked_up));
        }
    }

    /// Forgets everything; called after each revocation and change of an account on this instance.
    pub(crate) fn forget(&self) {
        let mut entries = self.lock();
        entries.epoch += 1;
        entries.by_key.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
