//! The desk that shows the provider catalog. The catalog is no secret.

mod browse;

use std::sync::Arc;

use strongroom_environment::Catalog;

/// Shows the providers.
pub struct ProviderCatalog {
    catalog: Arc<dyn Catalog>,
}

impl ProviderCatalog {
    pub(crate) fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self { catalog }
    }
}
