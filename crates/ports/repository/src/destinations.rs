use std::time::Duration;

use async_trait::async_trait;

use crate::StoreResult;

/// Counts connection tests by destination, over all organisations and instances.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DestinationLimitRepository: Send + Sync {
    /// Takes one of the `limit` tests that a destination may have within any `window`, by the store's clock.
    /// Returns `Ok(None)` when it was taken, otherwise how long until one is free. A refused attempt is not
    /// counted. With a `limit` of 0 no test is ever free, and the answer is `window`.
    ///
    /// MUST be exact under concurrency: within any window at most `limit` attempts are taken, whichever
    /// instances ask. `destination` is a SHA-256 digest, so that the table does not reveal who is tested.
    async fn take(
        &self,
        destination: [u8; 32],
        limit: u32,
        window: Duration,
    ) -> StoreResult<Option<Duration>>;

    /// Gives back the latest take of a destination, if there is one. It was made for a secret that turned out
    /// to be good.
    async fn give_back(&self, destination: [u8; 32]) -> StoreResult<()>;

    /// Removes destinations that have not been tested within `window`, and returns how many it removed.
    async fn forget(&self, window: Duration) -> StoreResult<u64>;
}
