//! Destroys a credential.

use strongroom_domain::{Action, CredentialId, Operation, Outcome};

use crate::{Application, Caller, Failure, Missing};

impl Application {
    /// Removes a credential at once; its event is its tombstone.
    ///
    /// # Errors
    /// `Conflict(StaleRevision)` when `expected_revision` is given and is not the present one.
    pub async fn delete_credential(
        &self,
        caller: &Caller,
        id: CredentialId,
        expected_revision: Option<u64>,
    ) -> Result<(), Failure> {
        self.permit(caller, Operation::DeleteCredential)?;
        let credential = self.reachable(caller, id).await?;
        let event = caller.event(Action::CredentialDeleted, Outcome::Success).about(&credential);
        let deleted =
            self.ports.credentials.delete(caller.organization(), id, expected_revision, event.into()).await?;
        if deleted { Ok(()) } else { Err(Failure::NotFound(Missing::Credential)) }
    }
}
