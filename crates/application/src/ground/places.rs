//! How many calls run at once, and how many wait, so that a slow server costs nobody else's time
//! (security.md, rows 21 and 55).

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PerOrganization;
use crate::Failure;

/// The longest that a call waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many places there are.
pub struct PlaceLimits {
    /// The most calls of one organisation that run at once.
    pub per_organization: usize,
    /// The most calls that run at once on an instance.
    pub per_instance: usize,
    /// The most calls of one organisation that wait.
    pub queue_per_organization: usize,
    /// The most calls that wait.
    pub queue: usize,
}

impl PlaceLimits {
    /// For connection tests: the calls of 32 organisations run at once.
    pub(crate) const TESTS: Self =
        Self { per_organization: 4, per_instance: 128, queue_per_organization: 16, queue: 512 };
    /// For calls of authorization servers: the calls of 32 organisations run at once.
    pub(crate) const OAUTH: Self =
        Self { per_organization: 8, per_instance: 256, queue_per_organization: 256, queue: 8_192 };
}

/// The places for calls that run at once, and for those that wait.
pub struct Places {
    running: PerOrganization,
    running_here: Arc<Semaphore>,
    waiting: PerOrganization,
    waiting_here: Arc<Semaphore>,
}

/// A place for one running call; it is given back when it is dropped.
pub struct Place {
    _organization: OwnedSemaphorePermit,
    _instance: OwnedSemaphorePermit,
}

/// What a caller is told who finds no place.
pub(crate) const FULL: Failure = Failure::Limited { retry_after: Duration::from_secs(1), allowance: None };

impl Places {
    /// Makes so many places.
    pub fn new(limits: &PlaceLimits) -> Self {
        Self {
            running: PerOrganization::new(limits.per_organization),
            running_here: Arc::new(Semaphore::new(limits.per_instance)),
            waiting: PerOrganization::new(limits.queue_per_organization),
            waiting_here: Arc::new(Semaphore::new(limits.queue)),
        }
    }

    /// Waits for a place. Returns `None` when too many calls are waiting already, of this organisation or of
    /// all, or no place became free within 10 seconds.
    pub async fn enter(&self, organization: &OrganizationId) -> Option<Place> {
        let own = self.waiting.of(organization).try_acquire_owned().ok()?;
        let _waiting = (own, self.waiting_here.clone().try_acquire_owned().ok()?);
        tokio::time::timeout(PATIENCE, self.wait(organization)).await.ok().flatten()
    }

    async fn wait(&self, organization: &OrganizationId) -> Option<Place> {
        // The organisation's place is taken first, so that an organisation with too many calls does not hold
        // places of the instance.
        let own = self.running.of(organization).acquire_owned().await.ok()?;
        let instance = self.running_here.clone().acquire_owned().await.ok()?;
        Some(Place { _organization: own, _instance: instance })
    }
}

#[cfg(test)]
mod tests {
    use strongroom_fixtures::organization;

    use super::*;

    #[tokio::test]
    async fn an_organisation_holds_its_places_and_so_many_wait() {
        let limits =
            PlaceLimits { per_organization: 4, per_instance: 6, queue_per_organization: 16, queue: 64 };
        let places = Places::new(&limits);
        let acme = organization("acme");
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(places.enter(&acme).await.unwrap());
        }
        let mut waiting: Vec<_> = (0..16).map(|_| Box::pin(places.enter(&acme))).collect();
        for wait in &mut waiting {
            assert!(futures_util::poll!(wait.as_mut()).is_pending());
        }
        assert!(places.enter(&acme).await.is_none());
        assert!(places.enter(&organization("globex")).await.is_some(), "others are not held up");
        drop(waiting);
        drop(held);
        assert!(places.enter(&acme).await.is_some());
    }
}
