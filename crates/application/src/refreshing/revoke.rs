//! Revokes a token at its provider (RFC 7009), if possible.

use std::sync::Arc;
use std::time::Duration;

use strongroom_authorization_server::{Subject, TokenError, Trouble};
use strongroom_domain::oauth::{ACCESS_TOKEN, LEASE, REFRESH_TOKEN};
use strongroom_domain::{AuditEvent, Content, Credential, CredentialId, Outcome, SecretPayload};
use strongroom_repository::{Ended, Lease, Selector};
use tokio::time::Instant;
use uuid::Uuid;

use super::Refreshing;
use crate::Failure;
use crate::ground::{Permitted, to, with_answer};

/// How long a deletion that revokes waits for a refresh that is under way.
const WAIT_FOR_REFRESH: Duration = Duration::from_secs(5);

/// A grant that is about to be revoked: its tokens in the clear, under the lease of its refresh.
pub(crate) struct HeldGrant {
    pub(crate) credential: Credential,
    payload: SecretPayload,
    owner: Uuid,
}

impl Refreshing {
    /// Opens an OAuth credential before it is deleted, under the lease of its refresh, so that no refresh
    /// replaces the tokens meanwhile. It waits at most 5 seconds for a refresh that is under way, and then
    /// goes on without the lease. Returns `None` when the credential is not of an OAuth type, or does not
    /// open.
    pub(crate) async fn hold(
        &self,
        caller: &Permitted<to::DeleteCredential>,
        id: CredentialId,
    ) -> Result<Option<HeldGrant>, Failure> {
        let (owner, began) = (self.ids.next(), Instant::now());
        let row = loop {
            let row = self.rows.sealed_reachable(caller, &Selector::Id(id)).await?;
            let credential = &row.credential;
            if !credential.credential_type.is_oauth() {
                return Ok(None);
            }
            let (organization, version) = (&credential.organization, credential.version);
            match self.leases.acquire(organization, id, version, owner, LEASE).await? {
                Lease::Held | Lease::Moved if began.elapsed() < WAIT_FOR_REFRESH => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Lease::Held | Lease::Moved | Lease::NotYet(_) | Lease::Acquired { .. } => break row,
            }
        };
        let opened = match self.gate.judge_again(caller).await {
            Ok(_) => self.sealing.open(caller, &row).await,
            Err(failure) => Err(failure),
        };
        match opened {
            Ok(payload) => Ok(Some(HeldGrant { credential: row.credential, payload, owner })),
            Err(failure) => {
                self.give_lease_back(&row.credential, owner).await;
                match failure {
                    // A credential that does not open can still be deleted.
                    Failure::Internal => Ok(None),
                    failure => Err(failure),
                }
            }
        }
    }

    /// Gives back the lease of a grant that is not revoked after all.
    pub(crate) async fn let_go(&self, held: &HeldGrant) {
        self.give_lease_back(&held.credential, held.owner).await;
    }

    async fn give_lease_back(&self, credential: &Credential, owner: Uuid) {
        let (organization, id) = (&credential.organization, credential.id);
        self.leases.fail(organization, id, owner, Duration::ZERO, Ended::NotTried).await.ok();
    }

    /// Revokes the refresh token, else the access token, or the access token where the provider takes no
    /// other; and records the result as the outcome of `event`.
    /// The credential is already deleted, whatever the provider answers. The work goes on when the caller
    /// stops waiting, because `held` has the only copy of the token.
    pub(crate) async fn revoke(self: &Arc<Self>, held: HeldGrant, event: AuditEvent) {
        let desk = self.clone();
        let revoked = tokio::spawn(async move { desk.revoke_held(held, event).await });
        revoked.await.ok();
    }

    async fn revoke_held(&self, mut held: HeldGrant, event: AuditEvent) {
        let credential = &held.credential;
        let mut answer = None;
        let (outcome, result) = match self.try_revoke(credential, &mut held.payload).await {
            Ok(Some(true)) => (Outcome::Success, "revoked"),
            Ok(Some(false)) => (Outcome::Failed, "the provider has no way to revoke"),
            Ok(None) => (Outcome::Failed, "there is nothing to revoke"),
            Err(error) => {
                tracing::warn!(credential = %credential.id, %error, "a token was not revoked at its provider");
                answer = error.answer().cloned();
                (Outcome::Failed, "the provider did not revoke it")
            }
        };
        let mut event = with_answer(event.detail("result", result), answer.as_ref());
        event.outcome = outcome;
        if self.audit.record(vec![event]).await.is_err() {
            tracing::error!(credential = %credential.id, result, "what came of a revocation is not on record");
        }
    }

    async fn try_revoke(
        &self,
        credential: &Credential,
        payload: &mut SecretPayload,
    ) -> Result<Option<bool>, TokenError> {
        let Some(provider) = self.catalog.find(credential.provider.as_str()) else { return Ok(None) };
        let Some(server) = &provider.oauth else { return Ok(None) };
        let names = match server.revokes_access_token {
            true => [ACCESS_TOKEN].as_slice(),
            false => [REFRESH_TOKEN, ACCESS_TOKEN].as_slice(),
        };
        let Some(token) = names.iter().find_map(|name| payload.remove(name)) else { return Ok(None) };
        let content = Content { config: credential.config.clone(), ..Content::default() };
        let subject =
            Subject { provider: provider.clone(), credential_type: credential.credential_type, content };
        let (organization, app) = (&credential.organization, credential.oauth_app);
        let found = self.clients.client_of(organization, app, server, &subject).await;
        let unavailable = |cause: &'static str| TokenError::Transient {
            retry_after: None,
            may_have_been_served: false,
            trouble: Trouble::None,
            answer: None,
            cause: cause.into(),
        };
        let Some(client) = found.map_err(|_| unavailable("the OAuth app could not be read"))? else {
            return Ok(None);
        };
        let place = self.places.enter(&credential.organization).await;
        let _place = place.ok_or_else(|| unavailable("too many calls are under way"))?;
        self.server.revoke(&subject, &client, &token).await.map(Some)
    }
}
