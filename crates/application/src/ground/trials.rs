//! The budgets of everything that sends a secret whose worth is not known yet: connection tests, the first
//! refresh of new content, and the exchange of a code (security.md, row 35). What turns out to be good is
//! given back.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_authorization_server::{TokenError, Tries, Trouble};
use strongroom_domain::{Actor, OrganizationId};
use strongroom_environment::Clock;
use strongroom_provider_tester::TestError;

use super::budget::{Reserved, StoredBudget};
use super::trial_rates::{Taken, TrialRates};
use crate::{Allowance, Caller, Failure, Ports, TestRates};

/// The budgets of this instance, and those in the store.
pub(crate) struct Trials {
    rates: TrialRates,
    per_destination: Option<u32>,
    destinations: Option<Destinations>,
    clock: Arc<dyn Clock>,
}

/// The budgets of destinations. An organisation has a part of each, so that one alone does not use it up for
/// all.
#[derive(Clone)]
struct Destinations {
    all: Arc<StoredBudget>,
    part: Arc<StoredBudget>,
}

/// A secret that is about to be tried. It counts unless it is given back.
pub(crate) struct Trial {
    organization: OrganizationId,
    taken: Taken,
    destinations: Option<Destinations>,
    /// What was taken from destinations, each time from the part of the organisation and from the whole.
    reserved: Mutex<Vec<[Reserved; 2]>>,
}

impl Trials {
    pub(crate) fn new(ports: &Ports, rates: Option<TestRates>) -> Self {
        let part = |all: &Arc<StoredBudget>| Destinations { all: all.clone(), part: Arc::new(all.part()) };
        Self {
            rates: TrialRates::new(rates),
            per_destination: rates.map(|rates| rates.per_destination),
            destinations: ports.budget.as_ref().map(part),
            clock: ports.clock.clone(),
        }
    }

    /// Takes a connection test from the shares of the caller and its organisation. The tester takes it from
    /// the budget of the destination. Returns what is left, or `None` when tests are not counted.
    ///
    /// # Errors
    /// `Limited`.
    pub(crate) fn take_test(&self, caller: &Caller) -> Result<Option<Allowance>, Failure> {
        let taken = self.rates.take(caller.organization(), &caller.actor, self.clock.now())?;
        Ok(taken.map(|taken| taken.allowance))
    }

    /// Takes a trial from the shares of the actor and its organisation; the call takes it from the budget of
    /// the destination. Returns `None` when trials are not counted.
    ///
    /// # Errors
    /// `Limited`.
    pub(crate) fn begin(
        &self,
        organization: &OrganizationId,
        actor: &Actor,
    ) -> Result<Option<Arc<Trial>>, Failure> {
        let taken = self.rates.take(organization, actor, self.clock.now())?;
        let trial = |taken| Trial {
            organization: organization.clone(),
            taken,
            destinations: self.destinations.clone(),
            reserved: Mutex::default(),
        };
        Ok(taken.map(|taken| Arc::new(trial(taken))))
    }

    /// Ends a trial by what became of the call: a good secret is given back to all budgets, and one about
    /// which the server said nothing to that of the destination.
    pub(crate) async fn end(&self, trial: &Trial, error: Option<&TokenError>) {
        match error {
            None | Some(TokenError::Unbuildable(_)) => self.forgo(trial).await,
            Some(TokenError::Transient { .. } | TokenError::Limited { .. }) => {
                trial.give_destinations_back().await;
            }
            Some(TokenError::Dead { .. } | TokenError::App { .. }) => {}
        }
    }

    /// Gives back a trial that was good, or was not made.
    pub(crate) async fn forgo(&self, trial: &Trial) {
        self.rates.give_back(&trial.taken);
        trial.give_destinations_back().await;
    }

    /// What a caller is told who came to a destination whose budget is used up.
    pub(crate) fn destination_used_up(&self, retry_after: std::time::Duration) -> Failure {
        let reset_at = self.clock.now() + retry_after;
        let allowance = self.per_destination.map(|limit| Allowance { limit, remaining: 0, reset_at });
        Failure::Limited { retry_after, allowance }
    }

    /// Forgets users and organisations that have tried nothing within the last minute.
    pub(crate) fn forget_idle(&self) {
        self.rates.forget_idle();
    }
}

impl Trial {
    async fn give_destinations_back(&self) {
        let Some(Destinations { all, part }) = &self.destinations else { return };
        let reserved = std::mem::take(&mut *self.reserved.lock().unwrap_or_else(PoisonError::into_inner));
        for [own, whole] in reserved {
            part.give_back(own).await;
            all.give_back(whole).await;
        }
    }
}

#[async_trait]
impl Tries for Trial {
    async fn take(&self, destination: &str) -> Result<(), TokenError> {
        let Some(Destinations { all, part }) = &self.destinations else { return Ok(()) };
        let own = part.reserve(&format!("{}\n{destination}", self.organization)).await.map_err(refused)?;
        match all.reserve(destination).await {
            Ok(whole) => {
                let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
                reserved.push([own, whole]);
                Ok(())
            }
            Err(error) => {
                part.give_back(own).await;
                Err(refused(error))
            }
        }
    }
}

fn refused(error: TestError) -> TokenError {
    match error {
        TestError::DestinationLimit { retry_after } => TokenError::Limited { retry_after },
        TestError::Unavailable => TokenError::Transient {
            retry_after: None,
            may_have_been_served: false,
            trouble: Trouble::None,
            answer: None,
            cause: "the calls to the destination could not be counted".into(),
        },
    }
}
