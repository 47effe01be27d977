//! Makes one refresh of a credential at a time in this instance. All callers that need it wait for the
//! refresh that is under way. It goes on when they stop waiting, because between the answer of a provider and
//! its commit nothing may interrupt it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use strongroom_domain::{CredentialId, OrganizationId, RefreshProblem};
use tokio::sync::watch;

use crate::{Allowance, Failure};

/// The result of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshOutcome {
    /// There is nothing left to refresh: the store holds a token that is fresh enough or content that was
    /// replaced, or the credential was removed, is pending or has to be authorised again.
    Fresh,
    /// The credential has nothing to refresh it with.
    Nothing,
    /// It fails until a person acts; the reason is stored with the credential.
    Stuck(RefreshProblem),
    /// It failed now, and may succeed later.
    Failed(RefreshFailed),
}

/// Why a refresh failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshFailed {
    /// The provider did not answer, or no attempt is made for now; try again after this time.
    Away(Duration),
    /// Too many calls are under way, or too many secrets of unknown worth were tried.
    Limited {
        /// When to try again.
        retry_after: Duration,
        /// The share that is used up, if it is one.
        allowance: Option<Allowance>,
    },
    /// The store did not answer.
    StoreAway,
    /// The row does not open, or something else in this service is broken.
    Broken,
}

impl From<RefreshFailed> for Failure {
    fn from(failed: RefreshFailed) -> Self {
        match failed {
            RefreshFailed::Away(retry_after) => Self::ProviderAway { retry_after },
            RefreshFailed::Limited { retry_after, allowance } => Self::Limited { retry_after, allowance },
            RefreshFailed::StoreAway => Self::unavailable(),
            RefreshFailed::Broken => Self::Internal,
        }
    }
}

/// Maps a failure during a refresh to the reason that callers get; the log has the cause.
impl From<Failure> for RefreshFailed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Limited { retry_after, allowance } => Self::Limited { retry_after, allowance },
            Failure::Unavailable { .. } => Self::StoreAway,
            _ => Self::Broken,
        }
    }
}

type Key = (OrganizationId, CredentialId);
type Waiting = watch::Receiver<Option<RefreshOutcome>>;

/// The refreshes that are under way.
#[derive(Default)]
pub(crate) struct RefreshFlights(Arc<Mutex<HashMap<Key, Waiting>>>);

impl RefreshFlights {
    /// Joins the refresh that is under way, or starts `work`. The returned future ends when the refresh is
    /// done.
    pub(crate) fn join(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        work: impl Future<Output = RefreshOutcome> + Send + 'static,
    ) -> BoxFuture<'static, RefreshOutcome> {
        let key = (organization.clone(), id);
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = match flights.get(&key) {
            Some(waiting) => waiting.clone(),
            None => {
                let (done, waiting) = watch::channel(None);
                flights.insert(key.clone(), waiting.clone());
                let landing = Landing { flights: self.0.clone(), key };
                tokio::spawn(async move {
                    let outcome = work.await;
                    // The entry is removed before the result is sent, so that a caller that comes now starts
                    // a new refresh.
                    drop(landing);
                    done.send(Some(outcome)).ok();
                });
                waiting
            }
        };
        drop(flights);
        Box::pin(async move {
            let outcome = waiting.wait_for(Option::is_some).await.ok().and_then(|outcome| *outcome);
            outcome.unwrap_or(RefreshOutcome::Failed(RefreshFailed::Broken))
        })
    }

    /// Returns when no refresh is under way, or after `limit`.
    pub(crate) async fn settle(&self, limit: Duration) {
        let all: Vec<Waiting> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let landed = async {
            for mut waiting in all {
                waiting.wait_for(Option::is_some).await.ok();
            }
        };
        tokio::time::timeout(limit, landed).await.ok();
    }
}

/// Removes a refresh from the map when it ends, also when its work panics.
struct Landing {
    flights: Arc<Mutex<HashMap<Key, Waiting>>>,
    key: Key,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
