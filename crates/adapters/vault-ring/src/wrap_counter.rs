//! Counts wraps under the primary KEK over all processes and restarts, so that random nonces stay below the
//! limit of NIST SP 800-38D, section 8.3.

use std::sync::Arc;

use strongroom_domain::KekId;
use strongroom_vault::{VaultError, WrapLedger};
use tokio::sync::Mutex;

/// How many wraps one reservation covers. Those that a process does not use are lost and never reused.
pub const WRAP_BLOCK: u64 = 65_536;

/// How many wraps one KEK may do: 10 % below 2^32, the limit for random 96-bit nonces.
pub const WRAP_LIMIT: u64 = 3_865_470_566;

/// The number of wraps from which each reservation logs a warning to rotate the key.
pub const WRAP_WARNING: u64 = 1 << 30;

/// Hands out wraps one by one from blocks that the ledger reserved.
pub(crate) struct WrapCounter {
    ledger: Arc<dyn WrapLedger>,
    kek: KekId,
    left: Mutex<u64>,
}

impl WrapCounter {
    pub(crate) fn new(ledger: Arc<dyn WrapLedger>, kek: KekId) -> Self {
        Self { ledger, kek, left: Mutex::new(0) }
    }

    /// Takes one wrap, and reserves a block when none is left. Callers that come meanwhile wait for that
    /// block and do not reserve their own.
    pub(crate) async fn take(&self) -> Result<(), VaultError> {
        let mut left = self.left.lock().await;
        if *left == 0 {
            *left = self.reserve().await?;
        }
        *left -= 1;
        Ok(())
    }

    /// Reserves a block. When fewer wraps than a block are left before the limit, they are reserved one at a
    /// time.
    async fn reserve(&self) -> Result<u64, VaultError> {
        for count in [WRAP_BLOCK, 1] {
            let total = self.ledger.reserve_wraps(self.kek, count, WRAP_LIMIT).await;
            if let Some(total) = total.map_err(VaultError::Unavailable)? {
                self.warn(total, count);
                return Ok(count);
            }
        }
        Err(VaultError::Exhausted(self.kek))
    }

    fn warn(&self, total: u64, count: u64) {
        // A single wrap logs no warning: there would be one line per seal, and the warning has already been
        // given.
        if total >= WRAP_WARNING && count == WRAP_BLOCK {
            tracing::warn!(kek = %self.kek, total, limit = WRAP_LIMIT, "the key nears its limit of wraps; rotate it");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::sync::Mutex as Lock;

    use async_trait::async_trait;

    use super::*;

    /// The total, and the size of each reservation.
    #[derive(Default)]
    struct Ledger(Lock<(u64, Vec<u64>)>);

    #[async_trait]
    impl WrapLedger for Ledger {
        async fn reserve_wraps(
            &self,
            _: KekId,
            count: u64,
            limit: u64,
        ) -> Result<Option<u64>, Box<dyn Error + Send + Sync>> {
            tokio::task::yield_now().await;
            let mut state = self.0.lock().unwrap();
            if state.0 + count > limit {
                return Ok(None);
            }
            state.0 += count;
            state.1.push(count);
            Ok(Some(state.0))
        }
    }

    fn counter(total: u64) -> (Arc<Ledger>, Arc<WrapCounter>) {
        let ledger = Arc::new(Ledger(Lock::new((total, Vec::new()))));
        (ledger.clone(), Arc::new(WrapCounter::new(ledger, KekId([1; 8]))))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn concurrent_wraps_reserve_as_many_blocks_as_they_fill_and_no_more() {
        let (ledger, counter) = counter(0);
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..WRAP_BLOCK / 4 {
                        counter.take().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(ledger.0.lock().unwrap().1, [WRAP_BLOCK; 2]);
        counter.take().await.unwrap();
        assert_eq!(ledger.0.lock().unwrap().1, [WRAP_BLOCK; 3]);
    }

    #[tokio::test]
    async fn the_last_wraps_before_the_limit_are_all_usable_and_none_after_it() {
        let (ledger, counter) = counter(WRAP_LIMIT - WRAP_BLOCK - 3);
        for _ in 0..WRAP_BLOCK + 3 {
            counter.take().await.unwrap();
        }
        assert!(matches!(counter.take().await, Err(VaultError::Exhausted(KekId([1, ..])))));
        assert_eq!(*ledger.0.lock().unwrap(), (WRAP_LIMIT, vec![WRAP_BLOCK, 1, 1, 1]));
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Lock<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_reservation_that_reaches_two_to_the_thirtieth_warns() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let (_, counter) = counter(WRAP_WARNING - 2 * WRAP_BLOCK);
        counter.take().await.unwrap();
        assert_eq!(log.0.lock().unwrap().len(), 0);
        for _ in 0..WRAP_BLOCK {
            counter.take().await.unwrap();
        }
        drop(guard);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("nears its limit of wraps").count(), 1, "{text}");
    }
}
