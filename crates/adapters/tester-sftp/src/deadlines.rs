use std::future::Future;
use std::time::Duration;

use strongroom_domain::TestCode;
use strongroom_provider_tester::{TEST_LIMIT, Verdict};
use tokio::time::{Instant, timeout_at};

use crate::ending::Ending;

/// What is left of [`TEST_LIMIT`] for whoever waits for the test.
const FOR_THE_CALLER: Duration = Duration::from_millis(200);
/// What is left before that to remove the file of a probe.
const FOR_CLEANING_UP: Duration = Duration::from_millis(800);

/// When each part of a test has to be done.
pub(crate) struct Deadlines {
    began: Instant,
}

impl Deadlines {
    /// Begins a test.
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Does a part of the work, within a limit of its own and what is left for all.
    ///
    /// # Errors
    /// Those of the work, and `timeout`.
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

    /// Does what must still be done when all other time is used up; `None` when it took too long too.
    pub(crate) async fn at_last<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.began + (TEST_LIMIT - FOR_THE_CALLER), work).await.ok()
    }
}
