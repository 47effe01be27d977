//! Destroys a credential of the CRM dialect.

use strongroom_domain::{Credential, CredentialId};

use crate::{Application, Caller, Failure};

impl Application {
    /// Removes a credential that holds its provider's slot; the provider is free again.
    ///
    /// # Errors
    /// `NotFound` also for a credential that only the other dialects see; else as
    /// [`Application::delete_credential`].
    pub async fn delete_crm_credential(
        &self,
        caller: &Caller,
        id: CredentialId,
        expected_revision: Option<u64>,
    ) -> Result<(), Failure> {
        self.delete_seen(caller, id, expected_revision, Credential::is_crm).await
    }
}
