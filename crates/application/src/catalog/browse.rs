//! Shows the provider catalog.

use std::sync::Arc;

use strongroom_domain::{ConnectListing, Provider};

use super::ProviderCatalog;
use crate::ground::{Permitted, to};
use crate::{Failure, Missing};

impl ProviderCatalog {
    /// All providers in the order of their ids.
    pub fn all(&self, _: &Permitted<to::BrowseCatalog>) -> Vec<Arc<Provider>> {
        self.catalog.all()
    }

    /// The providers that the connect dialect lists, in the order of their ids. Every caller may see them,
    /// because the catalog is no secret.
    pub fn listed(&self) -> Vec<(Arc<Provider>, ConnectListing)> {
        let all = self.catalog.all().into_iter();
        all.filter_map(|provider| provider.connect.clone().map(|listing| (provider, listing))).collect()
    }

    /// A provider that the connect dialect lists, by its id in any case.
    pub(crate) fn listed_for_connecting(&self, id: &str) -> Result<(Arc<Provider>, ConnectListing), Failure> {
        let provider = self.catalog.find(id);
        let listed =
            provider.and_then(|provider| provider.connect.clone().map(|listing| (provider, listing)));
        listed.ok_or(Failure::NotFound(Missing::Provider))
    }

    /// A provider by its id in any case; the catalog is no secret.
    pub fn find(&self, id: &str) -> Option<Arc<Provider>> {
        self.catalog.find(id)
    }
}
