//! Keeps connection tests away from the store, also when its address changes.

use strongroom_egress::Egress;

use crate::builder::StoreChoice;

/// The egress policy and the endpoints of the store.
pub(crate) struct StoreGuard {
    egress: Egress,
    endpoints: Vec<(String, u16)>,
}

impl StoreGuard {
    pub(crate) fn new(egress: Egress, store: &StoreChoice) -> Self {
        let endpoints = match store {
            StoreChoice::Embedded { .. } => Vec::new(),
            StoreChoice::Postgres(choice) => strongroom_store_postgres::endpoints(choice.url.expose()),
        };
        Self { egress, endpoints }
    }

    /// Closes the egress policy for the addresses that the store's names have now, even when the settings
    /// allow their network. Called again every minute, because a failover may change the addresses.
    pub(crate) async fn protect(&self) {
        for (host, port) in &self.endpoints {
            self.egress.protect_name(host, *port).await;
        }
    }
}
