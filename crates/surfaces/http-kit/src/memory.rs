//! The memory that bodies and answers hold while a client sends or reads them, so that slow clients of one
//! organisation do not fill that of the vault (security.md, rows 22 and 55).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_application::{Failure, PlaceLimits, Places};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many KiB a MiB has: shares of memory are counted in KiB.
const MIB: usize = 1024;

/// The memory of one server for bodies and answers.
pub struct Memory {
    /// For bodies, in KiB, by organisation, or by address for the forms that anybody may send.
    pub(crate) bodies: Shares,
    /// For bodies that take their time, by their number.
    pub(crate) slow_bodies: Shares,
    /// For answers to callers, in KiB, by organisation.
    pub(crate) answers: Shares,
    /// For operations whose answers may be long: from their beginning until their answers are sent.
    pub(crate) long_answers: Places,
}

/// Four at once for each organisation: a client that reads its answer needs its place for milliseconds, and
/// one that does not costs no other organisation anything.
const LONG_ANSWERS: PlaceLimits =
    PlaceLimits { per_organization: 4, per_instance: 1_024, queue_per_organization: 64, queue: 4_096 };

impl Default for Memory {
    fn default() -> Self {
        Self {
            bodies: Shares::new(24 * MIB, 72 * MIB),
            slow_bodies: Shares::new(512, 1_024),
            answers: Shares::new(4 * MIB, 24 * MIB),
            long_answers: Places::new(&LONG_ANSWERS),
        }
    }
}

/// Something that is limited, and of which nobody takes more than a share.
pub(crate) struct Shares {
    share: usize,
    all: Arc<Semaphore>,
    shares: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// What was taken; it is given back when this is dropped.
pub(crate) struct Held {
    _share: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Shares {
    fn new(share: usize, all: usize) -> Self {
        Self { share, all: Arc::new(Semaphore::new(all)), shares: Mutex::default() }
    }

    /// Takes from a share.
    ///
    /// # Errors
    /// `Limited` when the share is used up, `Unavailable` when all of it is.
    pub(crate) fn take(&self, owner: &str, amount: usize) -> Result<Held, Failure> {
        const SOON: Duration = Duration::from_secs(1);
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        let own = self.of(owner).try_acquire_many_owned(amount);
        let own = own.map_err(|_| Failure::Limited { retry_after: SOON, allowance: None })?;
        let all = self.all.clone().try_acquire_many_owned(amount);
        Ok(Held { _share: own, _all: all.map_err(|_| Failure::unavailable())? })
    }

    /// The share of one owner. Those of owners who hold nothing are dropped from time to time.
    fn of(&self, owner: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(owner) {
            return share.clone();
        }
        if shares.len().is_power_of_two() {
            shares.retain(|_, share| Arc::strong_count(share) > 1 || share.available_permits() < self.share);
        }
        shares.entry(owner.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.share))).clone()
    }
}

/// How many whole KiB so many bytes need.
pub(crate) const fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_a_share_and_all_together_no_more_than_there_is() {
        let memory = Shares::new(4, 6);
        let held = [memory.take("acme", 2).unwrap(), memory.take("acme", 2).unwrap()];
        assert!(matches!(memory.take("acme", 1), Err(Failure::Limited { .. })));
        let other = memory.take("globex", 2).unwrap();
        assert!(matches!(memory.take("initech", 1), Err(Failure::Unavailable { .. })));
        drop(other);
        assert!(memory.take("initech", 1).is_ok());
        drop(held);
        assert!(memory.take("acme", 4).is_ok());
    }

    #[test]
    fn owners_who_hold_nothing_are_forgotten() {
        let memory = Shares::new(1, 1_000);
        let _held = memory.take("acme", 1).unwrap();
        for owner in 0..1_000 {
            memory.take(&owner.to_string(), 1).unwrap();
        }
        let shares = memory.shares.lock().unwrap();
        assert!(shares.len() <= 512, "{}", shares.len());
        assert!(shares.contains_key("acme"));
    }
}
