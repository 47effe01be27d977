use std::future::Future;
use std::time::Duration;

use strongroom_domain::TestCode;
use strongroom_provider_tester::{TEST_LIMIT, Verdict};
use tokio::time::{Instant, timeout_at};

use crate::ending::Ending;

/// The part of [`TEST_LIMIT`] that is kept for the caller of the test.
const FOR_THE_CALLER: Duration = Duration::from_millis(200);
/// The time before that which is kept for removing the file of a probe.
const FOR_CLEANING_UP: Duration = Duration::from_millis(800);

/// The deadlines of the parts of a test.
pub(crate) struct Deadlines {
    began: Instant,
}

impl Deadlines {
    /// Begins a test.
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Does a part of the work, within `limit` and within the time that is left for the whole test.
    ///
    /// # Errors
    /// The errors of the work, and `timeout`.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Ending>>,
    ) -> Result<T, Ending> {
        let end = self.began + (TEST_LIMIT - FOR_THE_CALLER - FOR_CLEANING_UP);
        timeout_at(end.min(Instant::now() + limit), work)
            .await
            .unwrap_or_else(|_| Err(Verdict::of(TestCode::Timeout).into()))
    }

    /// Does work that is still necessary when all other time is used up. Returns `None` when it took too long
    /// too.
    pub(crate) async fn at_last<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.began + (TEST_LIMIT - FOR_THE_CALLER), work).await.ok()
    }
}
