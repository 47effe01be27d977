//! Destroys a credential.

use strongroom_domain::{Action, Credential, CredentialId, Outcome};
use tokio::time::Instant;

use super::Credentials;
use crate::ground::{PATIENCE, Permitted, to};
use crate::{Conflict, Failure, Missing};

impl Credentials {
    /// Removes a credential at once; the event of the deletion is its tombstone. With `revoke` its token is
    /// then also revoked at the provider, if possible; the result of that is on record.
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
            // After the deletion `held` has the only copy of the tokens, so a lost answer of the store must
            // not keep them from being revoked.
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

    /// Treats a deletion as done when its credential is gone although the store was unavailable: only the
    /// answer of the store was lost.
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

    /// Removes a credential, like [`Self::delete`], when `sees` says that it belongs to the dialect.
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
            // The tombstone names the revision that is destroyed, so no other revision may be deleted.
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
