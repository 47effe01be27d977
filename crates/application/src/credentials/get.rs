//! Shows the metadata of one credential.

use strongroom_domain::{Credential, CredentialId};

use super::Credentials;
use crate::Failure;
use crate::ground::{Permitted, to};

impl Credentials {
    /// The metadata of a credential within the caller's organisation and reach.
    pub async fn get(
        &self,
        caller: &Permitted<to::GetCredential>,
        id: CredentialId,
    ) -> Result<Credential, Failure> {
        self.rows.reachable(caller, id).await
    }
}
