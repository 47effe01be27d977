//! Writes of one organisation wait for each other here, before they have a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use strongroom_domain::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who may write, for each organisation: a quarter of the pool at a time, in the order of arrival. All of them lock the
/// head of the organisation's audit chain, so that more would only keep connections from others while they wait.
pub(crate) struct Turns {
    at_a_time: usize,
    organizations: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// Held for as long as the write takes.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "is given back when it is dropped")] Option<OwnedSemaphorePermit>,
);

impl Turns {
    pub(crate) fn new(pool_size: u32) -> Self {
        let at_a_time = usize::try_from(pool_size / 4).unwrap_or(1).max(1);
        Self { at_a_time, organizations: Mutex::default() }
    }

    /// Waits as long as its caller lets it.
    pub(crate) async fn take(&self, organization: &OrganizationId) -> Turn {
        // It is never closed, so this is always a permit.
        Turn(self.of(organization).acquire_owned().await.ok())
    }

    fn of(&self, organization: &OrganizationId) -> Arc<Semaphore> {
        let mut organizations = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = organizations.get(organization.as_str()).and_then(Weak::upgrade) {
            return known;
        }
        // Nobody holds or awaits a turn of those that are gone.
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
    async fn a_quarter_of_the_pool_writes_for_one_organisation_and_another_does_not_wait() {
        let turns = Turns::new(8);
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

    /// What a future gives without waiting.
    fn futures_now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }
}
