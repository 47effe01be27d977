use async_trait::async_trait;
use strongroom_domain::{
    Credential, CredentialId, Evidence, Integration, IntegrationId, OrganizationId, ProviderId,
};
use strongroom_repository::{ConnectedCredential, IntegrationRepository, StoreError, StoreResult, Unique};

use crate::rows::{Connection, Rows, key, of};
use crate::{Call, FakeStore};

impl Rows {
    /// Writes a connection, unless its provider is connected. It replaces one that has ended. Returns whether
    /// it was written.
    pub(crate) fn write_unless_connected(&mut self, new: &Integration, credential: CredentialId) -> bool {
        let key = key(&new.organization, new.provider.clone());
        if self.integrations.get(&key).is_some_and(|present| present.credential.is_some()) {
            return false;
        }
        self.integrations.insert(key, Connection { integration: new.clone(), credential: Some(credential) });
        true
    }

    /// Ends the connection that uses a credential.
    pub(crate) fn release(
        &mut self,
        organization: &OrganizationId,
        credential: CredentialId,
    ) -> Option<IntegrationId> {
        self.end(organization, |connection| connection.credential == Some(credential))
    }

    /// Ends the first connection that has not ended and that `fits` accepts.
    fn end(
        &mut self,
        organization: &OrganizationId,
        fits: impl Fn(&Connection) -> bool,
    ) -> Option<IntegrationId> {
        let mut lasting = self.integrations.values_mut().filter(|connection| connection.credential.is_some());
        let connection = lasting
            .find(|connection| connection.integration.organization == *organization && fits(connection))?;
        connection.credential = None;
        Some(connection.integration.id)
    }

    fn with_its_credential(&self, connection: &Connection) -> ConnectedCredential {
        let organization = &connection.integration.organization;
        let credential = connection.credential.and_then(|id| self.credentials.get(&key(organization, id)));
        ConnectedCredential {
            integration: connection.integration.clone(),
            credential: credential.map(|stored| stored.credential.clone()),
        }
    }
}

#[async_trait]
impl IntegrationRepository for FakeStore {
    async fn connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::Connect, evidence, |rows, _| {
            let stored = rows.credentials.get(&key(&new.organization, credential.id));
            let Some(stored) = stored.filter(|stored| stored.credential.provider == new.provider) else {
                return Ok(false);
            };
            let seen = (credential.version, credential.status);
            if (stored.credential.version, stored.credential.status) != seen {
                return Err(StoreError::StaleVersion);
            }
            match rows.write_unless_connected(new, credential.id) {
                true => Ok(true),
                false => Err(StoreError::Duplicate(Unique::Integration)),
            }
        })
        .await
    }

    async fn disconnect(
        &self,
        organization: &OrganizationId,
        id: IntegrationId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::Disconnect, evidence, |rows, _| {
            Ok(rows.end(organization, |connection| connection.integration.id == id).is_some())
        })
        .await
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
    ) -> StoreResult<Option<ConnectedCredential>> {
        self.read(Call::FindIntegration, |state, _| {
            let connection = state.rows.integrations.get(&key(organization, provider.clone()));
            connection.map(|connection| state.rows.with_its_credential(connection))
        })
        .await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>> {
        self.read(Call::ListIntegrations, |state, _| {
            let connections = of(&state.rows.integrations, organization);
            connections.map(|connection| state.rows.with_its_credential(connection)).collect()
        })
        .await
    }
}
