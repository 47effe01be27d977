//! Shows the provider catalog.

use std::sync::Arc;

use strongroom_domain::{ConnectListing, Operation, Provider};

use crate::{Application, Caller, Failure, Missing};

impl Application {
    /// All providers in the order of their ids.
    pub fn browse_catalog(&self, caller: &Caller) -> Result<Vec<Arc<Provider>>, Failure> {
        self.permit(caller, Operation::BrowseCatalog)?;
        Ok(self.ports.catalog.all())
    }

    /// The providers that the connect dialect lists, in the order of their ids, for anybody: the catalog is no
    /// secret.
    pub fn browse_connect_catalog(&self) -> Vec<(Arc<Provider>, ConnectListing)> {
        let all = self.ports.catalog.all().into_iter();
        all.filter_map(|provider| provider.connect.clone().map(|listing| (provider, listing))).collect()
    }

    /// A provider that the connect dialect lists, by its id in any case.
    pub(crate) fn listed_for_connecting(&self, id: &str) -> Result<(Arc<Provider>, ConnectListing), Failure> {
        let provider = self.ports.catalog.find(id);
        let listed =
            provider.and_then(|provider| provider.connect.clone().map(|listing| (provider, listing)));
        listed.ok_or(Failure::NotFound(Missing::Provider))
    }

    /// A provider by its id in any case; the catalog is no secret.
    pub fn provider(&self, id: &str) -> Option<Arc<Provider>> {
        self.ports.catalog.find(id)
    }
}
