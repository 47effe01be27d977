//! Destroys a credential of the CRM dialect.

use strongroom_domain::{CredentialId, Operation};

use crate::{Application, Caller, Failure, Missing};

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
        self.permit(caller, Operation::DeleteCredential)?;
        // A credential never changes its slot, so that what is true here is true when it is deleted.
        if !self.reachable(caller, id).await?.is_crm() {
            return Err(Failure::NotFound(Missing::Credential));
        }
        self.delete_credential(caller, id, expected_revision).await
    }
}
