//! Disconnects a provider.

use strongroom_domain::{Action, Outcome};
use tokio::time::Instant;

use super::Connections;
use crate::ground::{PATIENCE, Permitted, to};
use crate::{Failure, Missing};

impl Connections {
    /// Disconnects a provider; the credential that it used stays.
    ///
    /// # Errors
    /// `NotFound` for a provider that the connect dialect does not list, that is not connected, or whose
    /// credential is beyond the caller's reach.
    pub async fn disconnect(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        provider: &str,
    ) -> Result<(), Failure> {
        let (provider, _) = self.catalog.listed_for_connecting(provider)?;
        let organization = caller.organization();
        let began = Instant::now();
        loop {
            let found = self.integrations.find(organization, &provider.id).await?;
            let connected = found.and_then(|found| Some((found.integration, found.credential?)));
            let (integration, credential) = connected
                .filter(|(_, credential)| caller.principal.reach().covers(credential))
                .ok_or(Failure::NotFound(Missing::Integration))?;
            // The event names the connection that ends, and reach was checked for its credential, so no other
            // connection may end instead.
            let event = caller
                .event(Action::IntegrationDisconnected, Outcome::Success)
                .about(&credential)
                .targeting(integration.id.to_string());
            if self.integrations.disconnect(organization, integration.id, event.into()).await? {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::unavailable());
            }
        }
    }
}
