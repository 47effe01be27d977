//! Limits how often callers may test, and how many tests run at once (security.md, row 35 and section 3.5).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::OrganizationId;
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::ground::PerOrganization;
use crate::{Allowance, Caller, Failure, TestRates};

const WINDOW: Duration = Duration::from_secs(60);
/// The most tests of one organisation that run at once.
const PER_ORGANIZATION: usize = 4;
/// The most tests that run at once on an instance.
const PER_INSTANCE: usize = 32;
/// The most tests that wait for their turn.
const QUEUE: usize = 64;
/// The most tests of one organisation that wait.
const QUEUE_PER_ORGANIZATION: usize = 16;
/// The longest that a test waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Counts the tests of users and organisations within the last minute.
pub(crate) struct TestRateLimits {
    rates: Option<TestRates>,
    begun: Mutex<HashMap<String, VecDeque<Instant>>>,
}

impl TestRateLimits {
    pub(crate) fn new(rates: Option<TestRates>) -> Self {
        Self { rates, begun: Mutex::default() }
    }

    /// How many tests of one destination may begin within any minute; `None` when tests are not counted.
    pub(crate) fn per_destination(&self) -> Option<u32> {
        self.rates.map(|rates| rates.per_destination)
    }

    /// Takes one test from both the share of the caller and the share of its organisation, or from neither.
    pub(crate) fn take(&self, caller: &Caller, now: OffsetDateTime) -> Result<Option<Allowance>, Failure> {
        let Some(rates) = self.rates else { return Ok(None) };
        let organization = caller.organization().as_str();
        let shares = [
            (format!("{organization}\n{}", caller.actor), rates.per_user),
            (organization.to_owned(), rates.per_organization),
        ];
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tightest: Option<Allowance> = None;
        for (key, limit) in &shares {
            let times = begun.entry(key.clone()).or_default();
            while times.front().is_some_and(|time| time.elapsed() >= WINDOW) {
                times.pop_front();
            }
            let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
            let wait = times.front().map_or(WINDOW, |time| WINDOW.saturating_sub(time.elapsed()));
            if used >= *limit {
                let allowance = Allowance { limit: *limit, remaining: 0, reset_at: now + wait };
                return Err(Failure::Limited { retry_after: wait, allowance: Some(allowance) });
            }
            let remaining = limit - used - 1;
            if tightest.as_ref().is_none_or(|allowance| remaining < allowance.remaining) {
                tightest = Some(Allowance { limit: *limit, remaining, reset_at: now + wait });
            }
        }
        for (key, _) in shares {
            begun.entry(key).or_default().push_back(Instant::now());
        }
        Ok(tightest)
    }

    /// Forgets callers and organisations that have not tested within the last minute.
    pub(crate) fn forget_idle(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, times| times.back().is_some_and(|time| time.elapsed() < WINDOW));
    }
}

/// The places for tests that run at once, and for those that wait.
pub(crate) struct TestPlaces {
    running: PerOrganization,
    running_here: Arc<Semaphore>,
    waiting: PerOrganization,
    waiting_here: Arc<Semaphore>,
}

/// A place for one running test; it is given back when it is dropped.
pub(crate) struct Place {
    _organization: OwnedSemaphorePermit,
    _instance: OwnedSemaphorePermit,
}

impl Default for TestPlaces {
    fn default() -> Self {
        Self {
            running: PerOrganization::new(PER_ORGANIZATION),
            running_here: Arc::new(Semaphore::new(PER_INSTANCE)),
            waiting: PerOrganization::new(QUEUE_PER_ORGANIZATION),
            waiting_here: Arc::new(Semaphore::new(QUEUE)),
        }
    }
}

impl TestPlaces {
    /// Waits for a place.
    ///
    /// # Errors
    /// `Limited` when 64 tests are waiting already, or 16 of the same organisation, or no place became free
    /// within 10 seconds.
    pub(crate) async fn enter(&self, organization: &OrganizationId) -> Result<Place, Failure> {
        let waiting = || {
            let own = self.waiting.of(organization).try_acquire_owned().ok()?;
            Some((own, self.waiting_here.clone().try_acquire_owned().ok()?))
        };
        let _waiting = waiting().ok_or(FULL)?;
        let place = tokio::time::timeout(PATIENCE, self.wait(organization)).await;
        place.unwrap_or(Err(FULL))
    }

    async fn wait(&self, organization: &OrganizationId) -> Result<Place, Failure> {
        // The organisation's place is taken first, so that an organisation with too many tests does not hold
        // places of the instance.
        let own = self.running.of(organization).acquire_owned().await.map_err(|_| Failure::Internal)?;
        let instance = self.running_here.clone().acquire_owned().await.map_err(|_| Failure::Internal)?;
        Ok(Place { _organization: own, _instance: instance })
    }
}

const FULL: Failure = Failure::Limited { retry_after: Duration::from_secs(1), allowance: None };

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use strongroom_domain::audit::Origin;
    use strongroom_domain::{Principal, UserId};
    use strongroom_fixtures::organization;

    fn caller(org: &str, user: &str) -> Caller {
        let user = UserId::parse(user).unwrap();
        let principal = Principal::User { organization: organization(org), user, roles: BTreeSet::new() };
        Caller::new(principal, Origin::default())
    }

    #[tokio::test(start_paused = true)]
    async fn shares_slide_with_time_and_a_refusal_takes_nothing() {
        let limits =
            TestRateLimits::new(Some(TestRates { per_user: 2, per_organization: 3, per_destination: 1 }));
        let (ann, ben) = (caller("acme", "ann"), caller("acme", "ben"));
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(limits.take(&ann, now).unwrap().unwrap().remaining, 1);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(limits.take(&ann, now).unwrap().unwrap().remaining, 0);
        let Err(Failure::Limited { retry_after, allowance }) = limits.take(&ann, now) else {
            panic!("a third test within the minute");
        };
        assert_eq!(retry_after, Duration::from_secs(20));
        assert_eq!(allowance.unwrap().reset_at, now + Duration::from_secs(20));
        assert_eq!(limits.take(&ben, now).unwrap().unwrap().limit, 3, "the organisation's share is tighter");
        assert!(limits.take(&ben, now).is_err(), "the organisation has had its three");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(limits.take(&ann, now).is_ok(), "the first one is a minute old");
        tokio::time::advance(WINDOW).await;
        limits.forget_idle();
        assert!(limits.begun.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_organisation_holds_four_places_and_sixteen_wait() {
        let places = TestPlaces::default();
        let acme = organization("acme");
        let mut held = Vec::new();
        for _ in 0..PER_ORGANIZATION {
            held.push(places.enter(&acme).await.unwrap());
        }
        let mut waiting: Vec<_> =
            (0..QUEUE_PER_ORGANIZATION).map(|_| Box::pin(places.enter(&acme))).collect();
        for wait in &mut waiting {
            assert!(futures_util::poll!(wait.as_mut()).is_pending());
        }
        assert!(matches!(places.enter(&acme).await, Err(Failure::Limited { .. })));
        assert!(places.enter(&organization("globex")).await.is_ok(), "others are not held up");
        drop(waiting);
        drop(held);
        assert!(places.enter(&acme).await.is_ok());
    }
}
