//! Destroys a credential.

use strongroom_domain::{Action, Credential, CredentialId, Operation, Outcome};
use tokio::time::Instant;

use crate::update_credential::PATIENCE;
use crate::{Application, Caller, Conflict, Failure, Missing};

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
        self.delete_seen(caller, id, expected_revision, |_| true).await
    }

    /// The same for those credentials alone that a dialect sees.
    pub(crate) async fn delete_seen(
        &self,
        caller: &Caller,
        id: CredentialId,
        expected_revision: Option<u64>,
        sees: fn(&Credential) -> bool,
    ) -> Result<(), Failure> {
        self.permit(caller, Operation::DeleteCredential)?;
        let began = Instant::now();
        loop {
            let credential = self.reachable(caller, id).await?;
            if !sees(&credential) {
                return Err(Failure::NotFound(Missing::Credential));
            }
            if expected_revision.is_some_and(|expected| expected != credential.revision) {
                return Err(Failure::Conflict(Conflict::StaleRevision));
            }
            // The tombstone names what is destroyed, so nothing else may be.
            let event = caller.event(Action::CredentialDeleted, Outcome::Success).about(&credential);
            let disconnected =
                caller.event(Action::IntegrationDisconnected, Outcome::Success).about(&credential);
            let seen = Some(credential.revision);
            let deleted = self
                .ports
                .credentials
                .delete(caller.organization(), id, seen, event.into(), disconnected)
                .await;
            match deleted.map_err(Failure::from) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(Failure::NotFound(Missing::Credential)),
                Err(Failure::Conflict(Conflict::StaleRevision)) if began.elapsed() < PATIENCE => {}
                Err(Failure::Conflict(_)) => return Err(Failure::unavailable()),
                Err(failure) => return Err(failure),
            }
        }
    }
}
