//! What one organisation asks of the database waits in line here, before it has a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use strongroom_domain::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who may have a connection, for each organisation: so many at a time, in the order of arrival. Whoever
/// waits for a connection itself is refused after 500 ms, which a burst of one organisation must not bring
/// upon the others, nor upon itself.
pub(crate) struct Turns {
    at_a_time: usize,
    organizations: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// Held for as long as the work takes.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "is given back when it is dropped")] Option<OwnedSemaphorePermit>,
);

impl Turns {
    pub(crate) fn new(at_a_time: u32) -> Self {
        let at_a_time = usize::try_from(at_a_time).unwrap_or(1).max(1);
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

    /// What a future gives without waiting.
    fn futures_now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }
}
