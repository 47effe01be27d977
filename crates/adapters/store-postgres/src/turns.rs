//! Requests of one organisation to the database wait here for their turn, before they have a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use strongroom_domain::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits how many connections each organisation may use at a time, in the order of arrival. A caller that
/// waits for a connection of the pool is refused after 500 ms. A burst of one organisation must not cause
/// that for other organisations, nor for itself.
pub(crate) struct Turns {
    at_a_time: usize,
    organizations: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// A turn. It is held for as long as the work takes.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "is given back when it is dropped")] Option<OwnedSemaphorePermit>,
);

impl Turns {
    pub(crate) fn new(at_a_time: u32) -> Self {
        let at_a_time = usize::try_from(at_a_time).unwrap_or(1).max(1);
        Self { at_a_time, organizations: Mutex::default() }
    }

    /// Waits for a turn. There is no time limit here; the caller sets one.
    pub(crate) async fn take(&self, organization: &OrganizationId) -> Turn {
        // The semaphore is never closed, so this is always a permit.
        Turn(self.of(organization).acquire_owned().await.ok())
    }

    fn of(&self, organization: &OrganizationId) -> Arc<Semaphore> {
        let mut organizations = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = organizations.get(organization.as_str()).and_then(Weak::upgrade) {
            return known;
        }
        // No task holds or waits for a turn of a semaphore that is gone.
        organizations.retain(|_, turns| turns.strong_count() > 0);
        let new = Arc::new(Semaphore::new(self.at_a_time));
        organizations.insert(organization.as_str().to_owned(), Arc::downgrade(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_organisation_waits_for_itself_and_another_does_not() {
        let turns = Turns::new(2);
        let (acme, globex) =
            (OrganizationId::parse("acme").unwrap(), OrganizationId::parse("globex").unwrap());
        let first = turns.take(&acme).await;
        let second = turns.take(&acme).await;
        assert!(futures_now(turns.take(&acme)).is_none());
        assert!(futures_now(turns.take(&globex)).is_some());
        drop(first);
        assert!(futures_now(turns.take(&acme)).is_some());
        drop(second);
        turns.take(&globex).await;
        assert_eq!(turns.organizations.lock().unwrap().len(), 1, "what nobody uses is forgotten");
    }

    /// Returns the result of a future when it is ready at once.
    fn futures_now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }
}
