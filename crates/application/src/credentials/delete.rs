//! Destroys a credential.

use std::time::Duration;

use strongroom_domain::oauth::LEASE;
use strongroom_domain::{Action, Credential, CredentialId, Operation, Outcome, SecretPayload};
use strongroom_repository::{Ended, Lease, Selector};
use tokio::time::Instant;
use uuid::Uuid;

use crate::ground::rows::PATIENCE;
use crate::{Application, Caller, Conflict, Failure, Missing};

/// How long a deletion that revokes waits for a refresh that is under way.
const WAIT_FOR_REFRESH: Duration = Duration::from_secs(5);

impl Application {
    /// Removes a credential at once; its event is its tombstone. With `revoke` its token is then revoked at the
    /// provider as well, as far as that can be done; what came of it is on record.
    ///
    /// # Errors
    /// `Conflict(StaleRevision)` when `expected_revision` is given and is not the present one.
    pub async fn delete_credential(
        &self,
        caller: &Caller,
        id: CredentialId,
        expected_revision: Option<u64>,
        revoke: bool,
    ) -> Result<(), Failure> {
        self.permit(caller, Operation::DeleteCredential)?;
        let grant = if revoke { self.grant_to_revoke(caller, id).await? } else { None };
        let deleted = self.delete_seen(caller, id, expected_revision, |_| true).await;
        if deleted.is_err()
            && let Some((credential, _, owner)) = &grant
        {
            let (organization, ended) = (&credential.organization, Ended::NotTried);
            self.ports.refresh_leases.fail(organization, id, *owner, Duration::ZERO, ended).await.ok();
        }
        deleted?;
        if let Some((credential, payload, _)) = grant {
            let event = caller.event(Action::GrantRevoked, Outcome::Success).about(&credential);
            let application = self.clone();
            // It goes on when the caller hangs up: the only copy of the token is here.
            let revoked =
                tokio::spawn(async move { application.revoke_grant(&credential, payload, event).await });
            revoked.await.ok();
        }
        Ok(())
    }

    /// The payload of an OAuth credential, opened before it is gone, under the lease of its refresh: no other token takes
    /// its place then. A refresh that is under way is waited for, but not for long.
    async fn grant_to_revoke(
        &self,
        caller: &Caller,
        id: CredentialId,
    ) -> Result<Option<(Credential, SecretPayload, Uuid)>, Failure> {
        let (owner, began) = (self.ports.ids.next(), Instant::now());
        let row = loop {
            let found = self.ports.credentials.find_sealed(caller.organization(), &Selector::Id(id)).await?;
            let row = found.filter(|row| caller.principal.reach().covers(&row.credential));
            let row = row.ok_or(Failure::NotFound(Missing::Credential))?;
            let credential = &row.credential;
            if !credential.credential_type.is_oauth() {
                return Ok(None);
            }
            let (organization, version) = (&credential.organization, credential.version);
            match self.ports.refresh_leases.acquire(organization, id, version, owner, LEASE).await? {
                Lease::Held | Lease::Moved if began.elapsed() < WAIT_FOR_REFRESH => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Lease::Held | Lease::Moved | Lease::NotYet(_) | Lease::Acquired { .. } => break row,
            }
        };
        match self.open(caller, &row).await {
            Ok(payload) => Ok(Some((row.credential, payload, owner))),
            // What does not open can still be deleted.
            Err(Failure::Internal) => Ok(None),
            Err(failure) => Err(failure),
        }
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
