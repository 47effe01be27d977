//! Counts connection tests by destination, over all instances.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::canonical::Canonical;
use strongroom_provider_tester::{DestinationBudget, TestError};
use strongroom_repository::DestinationLimitRepository;
use strongroom_vault::{Purpose, PurposeKeys};

/// The time over which tests of a destination are counted.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// The budget of destinations, kept in the store. Destinations are stored as keyed digests, so that the
/// table names nobody.
pub struct StoredBudget {
    repository: Arc<dyn DestinationLimitRepository>,
    keys: Arc<dyn PurposeKeys>,
    per_minute: u32,
}

impl StoredBudget {
    /// Allows each destination so many tests within any minute.
    pub fn new(
        repository: Arc<dyn DestinationLimitRepository>,
        keys: Arc<dyn PurposeKeys>,
        per_minute: u32,
    ) -> Self {
        Self { repository, keys, per_minute }
    }
}

#[async_trait]
impl DestinationBudget for StoredBudget {
    async fn take(&self, destination: &str) -> Result<(), TestError> {
        let message = Canonical::labelled("strongroom/destination/v1").text(destination).finish();
        let key = self.keys.current(Purpose::Audit);
        let digest = self.keys.digest(Purpose::Audit, key, &message).map_err(|error| {
            tracing::error!(%error, "a destination could not be digested");
            TestError::Unavailable
        })?;
        match self.repository.take(digest, self.per_minute, WINDOW).await {
            Ok(None) => Ok(()),
            Ok(Some(retry_after)) => Err(TestError::DestinationLimit { retry_after }),
            Err(error) => {
                tracing::warn!(%error, "a test of a destination could not be counted");
                Err(TestError::Unavailable)
            }
        }
    }
}
