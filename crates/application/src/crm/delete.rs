//! Destroys a credential of the CRM dialect.

use strongroom_domain::{Credential, CredentialId};

use super::Crm;
use crate::Failure;
use crate::ground::{Permitted, to};

impl Crm {
    /// Removes a credential that holds its provider's slot. After that the slot is free.
    ///
    /// # Errors
    /// `NotFound` also for a credential that only the other dialects see; otherwise the errors of
    /// [`Credentials::delete`](crate::Credentials::delete).
    pub async fn delete(
        &self,
        caller: &Permitted<to::DeleteCredential>,
        id: CredentialId,
        expected_revision: Option<u64>,
    ) -> Result<(), Failure> {
        self.credentials.delete_seen(caller, id, expected_revision, Credential::is_crm).await
    }
}
