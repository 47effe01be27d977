//! The only module that turns a payload into sealed bytes and back.

use std::sync::Arc;

use strongroom_domain::audit::Origin;
use strongroom_domain::{
    Action, Actor, AuditEvent, AuthorizationFlow, Credential, OauthApp, OrganizationId, Outcome, Sealed,
    SecretPayload, SecretText,
};
use strongroom_repository::{SealedCredential, SealedFlow};
use strongroom_vault::{SealContext, Vault, VaultError};

use super::audit_writer::AuditWriter;
use crate::{Caller, Failure};

/// Seals and opens payloads, each in its own context. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sealing {
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) audit: AuditWriter,
}

impl Sealing {
    /// Seals a payload. `credential` must be as its row will be stored.
    pub(crate) async fn seal(
        &self,
        credential: &Credential,
        payload: &SecretPayload,
    ) -> Result<Sealed, Failure> {
        self.seal_in(&SealContext::of_credential(credential), payload).await
    }

    /// Opens the payload of a row. A row that does not open was edited or moved, and that is recorded as an
    /// event.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        row: &SealedCredential,
    ) -> Result<SecretPayload, Failure> {
        let event = caller.event(Action::IntegrityFailed, Outcome::Failed).about(&row.credential);
        self.open_or_record(row, event).await
    }

    /// Opens the payload of a row as [`Self::open`] does, on behalf of a job of this service.
    pub(crate) async fn open_for_job(
        &self,
        row: &SealedCredential,
        (actor, origin): (Actor, Origin),
    ) -> Result<SecretPayload, Failure> {
        let organization = row.credential.organization.clone();
        let event = AuditEvent::new(organization, Action::IntegrityFailed, Outcome::Failed, actor, origin);
        self.open_or_record(row, event.about(&row.credential)).await
    }

    async fn open_or_record(
        &self,
        row: &SealedCredential,
        event: AuditEvent,
    ) -> Result<SecretPayload, Failure> {
        self.open_in(&SealContext::of_credential(&row.credential), &row.sealed, event).await
    }

    /// Seals a payload. A key of the organisation that does not open, or is gone, is recorded.
    pub(crate) async fn seal_in(
        &self,
        context: &SealContext,
        payload: &SecretPayload,
    ) -> Result<Sealed, Failure> {
        match self.vault.seal(context, payload).await {
            Ok(sealed) => Ok(sealed),
            Err(error @ (VaultError::Integrity | VaultError::UnknownKey(_) | VaultError::KeysLost)) => {
                let event = integrity_failed(&context.organization).targeting("organization_key");
                tracing::error!(organization = %context.organization, %error, "nothing can be sealed");
                self.audit.record(vec![event]).await?;
                Err(Failure::Internal)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether something was sealed in the present format, by a build that bound all that is bound today.
    pub(crate) fn is_current(&self, sealed: &Sealed) -> bool {
        self.vault.is_current(sealed)
    }

    /// Whether a flow may end on a credential. A flow of an older format is bound to little, so it may not
    /// release what is bound to more.
    pub(crate) fn may_end_on(&self, flow: &Sealed, credential: &Sealed) -> bool {
        self.vault.is_current(flow) || !self.vault.is_current(credential)
    }

    /// Opens a payload. When it does not open, `event` is recorded.
    async fn open_in(
        &self,
        context: &SealContext,
        sealed: &Sealed,
        event: AuditEvent,
    ) -> Result<SecretPayload, Failure> {
        match self.vault.open(context, sealed).await {
            Ok(payload) => Ok(payload),
            Err(error @ (VaultError::Integrity | VaultError::UnknownKey(_))) => {
                let about = event.credential.map(|id| id.to_string()).or_else(|| event.target.clone());
                tracing::error!(about, %error, "a stored secret does not open");
                self.audit.record(vec![event]).await?;
                Err(Failure::Internal)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The digest of a sealed payload that audit events record.
    pub(crate) fn digest(&self, sealed: &Sealed) -> [u8; 32] {
        self.vault.envelope_digest(sealed)
    }

    /// Opens the client secret of an organisation's own app. A row that does not open is recorded.
    pub(crate) async fn open_app(
        &self,
        app: &OauthApp,
        sealed: &Sealed,
    ) -> Result<Option<SecretText>, Failure> {
        let event = integrity_failed(&app.organization).targeting(app.id.to_string());
        let mut payload = self.open_in(&SealContext::of_app(app), sealed, event).await?;
        Ok(payload.remove(CLIENT_SECRET))
    }

    /// Seals the client secret of an organisation's own app.
    pub(crate) async fn seal_app(
        &self,
        app: &OauthApp,
        secret: Option<SecretText>,
    ) -> Result<Sealed, Failure> {
        let mut payload = SecretPayload::default();
        if let Some(secret) = secret {
            payload.insert(CLIENT_SECRET, secret);
        }
        self.seal_in(&SealContext::of_app(app), &payload).await
    }

    /// Opens the payload that is kept beside a flow. A row that does not open is recorded: it, or the flow
    /// around it, was changed.
    pub(crate) async fn open_flow(&self, row: &SealedFlow) -> Result<SecretPayload, Failure> {
        let flow = &row.flow;
        let mut event = integrity_failed(&flow.organization).targeting(flow.id.0.to_string());
        event.credential = Some(flow.credential);
        self.open_in(&SealContext::of_flow(flow, row.completion_code), &row.sealed, event).await
    }

    /// Seals the payload that is kept beside a flow that begins.
    pub(crate) async fn seal_flow(
        &self,
        flow: &AuthorizationFlow,
        payload: &SecretPayload,
    ) -> Result<Sealed, Failure> {
        self.seal_in(&SealContext::of_flow(flow, None), payload).await
    }
}

/// The event of a row beside credentials that does not open.
fn integrity_failed(organization: &OrganizationId) -> AuditEvent {
    let actor = Actor::system("integrity");
    AuditEvent::new(organization.clone(), Action::IntegrityFailed, Outcome::Failed, actor, Origin::default())
}

const CLIENT_SECRET: &str = "client_secret";
