//! Lists the connections of an organisation.

use strongroom_domain::ProviderId;
use strongroom_domain::integration::IntegrationStatus;
use strongroom_repository::ConnectedCredential;

use super::Connections;
use crate::Failure;
use crate::ground::{Permitted, to};

/// Which connections to list.
#[derive(Debug, Default)]
pub struct ListIntegrations {
    /// Only in this status.
    pub status: Option<IntegrationStatus>,
    /// Only of this provider.
    pub provider: Option<ProviderId>,
}

impl Connections {
    /// The connections that the caller reaches, in the order of their providers' ids; there is one for each
    /// provider at most.
    pub async fn list(
        &self,
        caller: &Permitted<to::ListCredentials>,
        query: ListIntegrations,
    ) -> Result<Vec<ConnectedCredential>, Failure> {
        let mut found = self.integrations.list(caller.organization()).await?;
        let reach = caller.principal.reach();
        found.retain(|found| {
            let provider = &found.integration.provider;
            let reached = match &found.credential {
                Some(credential) => reach.covers(credential),
                None => reach.allows_creating(provider),
            };
            reached
                && query.provider.as_ref().is_none_or(|asked| asked == provider)
                && query.status.is_none_or(|status| status == found.status())
        });
        Ok(found)
    }
}
