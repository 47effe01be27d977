//! Shows the metadata of one credential.

use strongroom_domain::{Credential, CredentialId, Operation};

use crate::{Application, Caller, Failure};

impl Application {
    /// The metadata of a credential within the caller's organisation and reach.
    pub async fn get_credential(&self, caller: &Caller, id: CredentialId) -> Result<Credential, Failure> {
        self.permit(caller, Operation::GetCredential)?;
        self.reachable(caller, id).await
    }
}
