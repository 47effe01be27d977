//! Shows the provider catalog.

use std::sync::Arc;

use strongroom_domain::{Operation, Provider};

use crate::{Application, Caller, Failure};

impl Application {
    /// All providers in the order of their ids.
    pub fn browse_catalog(&self, caller: &Caller) -> Result<Vec<Arc<Provider>>, Failure> {
        self.permit(caller, Operation::BrowseCatalog)?;
        Ok(self.ports.catalog.all())
    }

    /// A provider by its id in any case; the catalog is no secret.
    pub fn provider(&self, id: &str) -> Option<Arc<Provider>> {
        self.ports.catalog.find(id)
    }
}
