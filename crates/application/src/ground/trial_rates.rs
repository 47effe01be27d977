//! How many secrets users and organisations may try within a minute (security.md, row 35).

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::{Actor, OrganizationId};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::{Allowance, Failure, TestRates};

/// The time over which trials are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Counts what users and organisations have tried within the last minute.
pub(crate) struct TrialRates {
    rates: Option<TestRates>,
    begun: Mutex<HashMap<String, VecDeque<Instant>>>,
}

/// What was taken from the shares of a user and an organisation.
pub(crate) struct Taken {
    /// What is left of the tighter share.
    pub(crate) allowance: Allowance,
    at: Instant,
    keys: [String; 2],
}

impl TrialRates {
    pub(crate) fn new(rates: Option<TestRates>) -> Self {
        Self { rates, begun: Mutex::default() }
    }

    /// Takes one trial from both the share of the actor and the share of its organisation, or from neither.
    /// Returns `None` when trials are not counted.
    pub(crate) fn take(
        &self,
        organization: &OrganizationId,
        actor: &Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Taken>, Failure> {
        let Some(rates) = self.rates else { return Ok(None) };
        let organization = organization.as_str();
        let keys = [format!("{organization}\n{}", actor.key()), organization.to_owned()];
        let limits = [rates.per_user, rates.per_organization];
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tightest: Option<Allowance> = None;
        for (key, limit) in keys.iter().zip(limits) {
            let times = begun.entry(key.clone()).or_default();
            while times.front().is_some_and(|time| time.elapsed() >= WINDOW) {
                times.pop_front();
            }
            let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
            let wait = times.front().map_or(WINDOW, |time| WINDOW.saturating_sub(time.elapsed()));
            if used >= limit {
                let allowance = Allowance { limit, remaining: 0, reset_at: now + wait };
                return Err(Failure::Limited { retry_after: wait, allowance: Some(allowance) });
            }
            let remaining = limit - used - 1;
            if tightest.as_ref().is_none_or(|allowance| remaining < allowance.remaining) {
                tightest = Some(Allowance { limit, remaining, reset_at: now + wait });
            }
        }
        let at = Instant::now();
        for key in &keys {
            begun.entry(key.clone()).or_default().push_back(at);
        }
        Ok(tightest.map(|allowance| Taken { allowance, at, keys }))
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&self, taken: &Taken) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &taken.keys {
            let Some(times) = begun.get_mut(key) else { continue };
            if let Some(position) = times.iter().position(|at| *at == taken.at) {
                times.remove(position);
            }
        }
    }

    /// Forgets users and organisations that have tried nothing within the last minute.
    pub(crate) fn forget_idle(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, times| times.back().is_some_and(|time| time.elapsed() < WINDOW));
    }
}

#[cfg(test)]
mod tests {
    use strongroom_fixtures::{issuer, organization};

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn limits() -> TrialRates {
        TrialRates::new(Some(TestRates { per_user: 2, per_organization: 3, per_destination: 1 }))
    }

    fn take(limits: &TrialRates, user: &str) -> Result<Taken, Failure> {
        take_by(limits, &Actor::parse(&format!("user:{user}")).unwrap())
    }

    fn take_by(limits: &TrialRates, actor: &Actor) -> Result<Taken, Failure> {
        limits.take(&organization("acme"), actor, NOW).map(Option::unwrap)
    }

    #[tokio::test(start_paused = true)]
    async fn shares_slide_with_time_and_a_refusal_takes_nothing() {
        let limits = limits();
        assert_eq!(take(&limits, "ann").unwrap().allowance.remaining, 1);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(take(&limits, "ann").unwrap().allowance.remaining, 0);
        let Err(Failure::Limited { retry_after, allowance }) = take(&limits, "ann") else {
            panic!("a third trial within the minute");
        };
        assert_eq!(retry_after, Duration::from_secs(20));
        assert_eq!(allowance.unwrap().reset_at, NOW + Duration::from_secs(20));
        assert_eq!(take(&limits, "ben").unwrap().allowance.limit, 3, "the organisation's share is tighter");
        assert!(take(&limits, "ben").is_err(), "the organisation has had its three");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(take(&limits, "ann").is_ok(), "the first one is a minute old");
        tokio::time::advance(WINDOW).await;
        limits.forget_idle();
        assert!(limits.begun.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn one_name_of_two_issuers_has_two_shares() {
        let limits = limits();
        let ann = |issuer| Actor::from_stored("user:ann".to_owned(), issuer);
        take_by(&limits, &ann(None)).unwrap();
        let second = take_by(&limits, &ann(Some(issuer()))).unwrap();
        assert_eq!(limits.begun.lock().unwrap().len(), 3, "two shares and the organisation's");
        assert_eq!(second.allowance.remaining, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_is_free_for_user_and_organisation() {
        let limits = limits();
        let first = take(&limits, "ann").unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        take(&limits, "ann").unwrap();
        take(&limits, "ben").unwrap();
        assert!(take(&limits, "ann").is_err() && take(&limits, "ben").is_err());
        limits.give_back(&first);
        assert!(take(&limits, "ann").is_ok());
        assert!(take(&limits, "ben").is_err());
    }
}
