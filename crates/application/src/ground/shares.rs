//! Limits for each organisation, so that no organisation takes all places of an instance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_domain::OrganizationId;
use tokio::sync::Semaphore;

/// Places of an instance, of which every organisation has equally many.
pub(crate) struct PerOrganization {
    places: usize,
    organizations: Mutex<HashMap<OrganizationId, Arc<Semaphore>>>,
}

impl PerOrganization {
    pub(crate) fn new(places: usize) -> Self {
        Self { places, organizations: Mutex::default() }
    }

    /// The places of one organisation. Entries of organisations that use none of their places are dropped.
    pub(crate) fn of(&self, organization: &OrganizationId) -> Arc<Semaphore> {
        let mut all = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known, places| known == organization || Arc::strong_count(places) > 1);
        let places = all.entry(organization.clone());
        places.or_insert_with(|| Arc::new(Semaphore::new(self.places))).clone()
    }
}
