//! Destroys a credential.

use strongroom_domain::{Action, Credential, CredentialId, Outcome};
use tokio::time::Instant;

use super::Credentials;
use crate::ground::{PATIENCE, Permitted, to};
use crate::{Conflict, Failure, Missing};

impl Credentials {
    /// Removes a credential at once; its event is its tombstone. With `revoke` its token is then revoked at
    /// the provider as well, as far as that can be done; what came of it is on record.
    ///
    /// # Errors
    /// `Conflict(StaleRevision)` when `expected_revision` is given and is not the present one.
    pub async fn delete(
        &self,
        caller: &Permitted<to::DeleteCredential>,
        id: CredentialId,
        expected_revision: Option<u64>,
        revoke: bool,
    ) -> Result<(), Failure> {
        let held = if revoke { self.refreshing.hold(caller, id).await? } else { None };
        let mut deleted = self.delete_seen(caller, id, expected_revision, |_| true).await;
        if held.is_some() {
            // The only copy of its tokens is here.
            deleted = self.or_gone(caller, id, deleted).await;
        }
        match (deleted, held) {
            (Ok(()), Some(held)) => {
                let event = caller.event(Action::GrantRevoked, Outcome::Success).about(&held.credential);
                self.refreshing.revoke(held, event).await;
                Ok(())
            }
            (Err(failure), Some(held)) => {
                self.refreshing.let_go(&held).await;
                Err(failure)
            }
            (deleted, None) => deleted,
        }
    }

    /// A deletion whose credential is gone although the store did not say so: the answer got lost.
    async fn or_gone(
        &self,
        caller: &Permitted<to::DeleteCredential>,
        id: CredentialId,
        deleted: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Err(Failure::Unavailable { .. }) = &deleted else { return deleted };
        match self.rows.reachable(caller, id).await {
            Err(Failure::NotFound(_)) => Ok(()),
            _ => deleted,
        }
    }

    /// Removes a credential, like [`Self::delete`], when it is one that the dialect `sees`.
    pub(crate) async fn delete_seen(
        &self,
        caller: &Permitted<to::DeleteCredential>,
        id: CredentialId,
        expected_revision: Option<u64>,
        sees: fn(&Credential) -> bool,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let credential = self.rows.reachable(caller, id).await?;
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
            let deleted =
                self.repository.delete(caller.organization(), id, seen, event.into(), disconnected).await;
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
