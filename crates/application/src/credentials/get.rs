//! Shows the metadata of one credential.

use strongroom_domain::{Credential, CredentialId, Operation};

use crate::{Application, Caller, Failure, Missing};

impl Application {
    /// The metadata of a credential within the caller's organisation and reach.
    pub async fn get_credential(&self, caller: &Caller, id: CredentialId) -> Result<Credential, Failure> {
        self.permit(caller, Operation::GetCredential)?;
        self.reachable(caller, id).await
    }

    /// The 404 decision: of another organisation, beyond reach and never stored all look the same.
    pub(crate) async fn reachable(&self, caller: &Caller, id: CredentialId) -> Result<Credential, Failure> {
        let found = self.ports.credentials.find(caller.organization(), id).await?;
        found
            .filter(|credential| caller.principal.reach().covers(credential))
            .ok_or(Failure::NotFound(Missing::Credential))
    }
}
