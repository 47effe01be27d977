//! Replaces a credential's content, or its name.

use std::time::Duration;

use strongroom_domain::{
    Action, AuditEvent, Credential, CredentialId, CredentialName, CredentialType, Operation, Outcome,
    Provider, Sealed, Submission,
};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::store_credential::end_of_life;
use crate::{Application, Caller, Conflict, Failure};

/// How long a write without `If-Match` starts over when somebody else was faster.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What to change.
#[derive(Debug, Default)]
pub struct UpdateCredential {
    /// New content, all of it: destination and secret always come together.
    pub content: Option<NewContent>,
    /// A new name.
    pub name: Option<CredentialName>,
    /// When it stops working now, or no longer known. New content without it ends the old date.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// The revision that the caller has seen.
    pub expected_revision: Option<u64>,
}

/// A whole new payload.
#[derive(Debug)]
pub struct NewContent {
    /// How it authenticates; may be another type that the provider takes.
    pub credential_type: CredentialType,
    /// All of its fields.
    pub credentials: Submission,
}

impl Application {
    /// Changes a credential in place; id, provider, slot and organisation stay.
    ///
    /// # Errors
    /// `Conflict(StaleRevision)` when `expected_revision` is not the present one. On any error the old
    /// content is still there and still works.
    pub async fn update_credential(
        &self,
        caller: &Caller,
        id: CredentialId,
        change: UpdateCredential,
    ) -> Result<Credential, Failure> {
        self.permit(caller, Operation::UpdateCredential)?;
        let mut current = self.reachable(caller, id).await?;
        let content = match change.content {
            None => None,
            Some(new) => {
                let provider = self.provider_of(&current)?;
                let content =
                    provider.accept(new.credential_type, new.credentials).map_err(Failure::Invalid)?;
                self.check_private_keys(&provider, &content).await?;
                Some((new.credential_type, content))
            }
        };
        let began = Instant::now();
        loop {
            if change.expected_revision.is_some_and(|expected| expected != current.revision) {
                return Err(Failure::Conflict(Conflict::StaleRevision));
            }
            let mut changed = current.clone();
            changed.revision += 1;
            changed.updated_at = self.ports.clock.now();
            changed.modified_by = caller.principal.id().to_owned();
            changed.name = change.name.clone().unwrap_or(changed.name);
            changed.expires_at = change.expires_at.unwrap_or(changed.expires_at);
            let sealed = match &content {
                None => None,
                Some((kind, content)) => {
                    changed.take_new_content();
                    changed.credential_type = *kind;
                    changed.config = content.config.clone();
                    changed.access_token_expires_at = content.access_token_expires_at;
                    changed.expires_at = end_of_life(change.expires_at.flatten(), *kind, content);
                    Some(self.seal(&changed, &content.secret).await?)
                }
            };
            let event = self.change_event(caller, &current, &changed, sealed.as_ref());
            let (revision, version) = (current.revision, current.version);
            let written = self
                .ports
                .credentials
                .replace(&changed, sealed.as_ref(), revision, version, event.into())
                .await;
            match written.map_err(Failure::from) {
                Ok(()) => return Ok(changed),
                Err(Failure::Conflict(Conflict::StaleRevision)) => {
                    if began.elapsed() > PATIENCE {
                        return Err(Failure::unavailable());
                    }
                    current = self.reachable(caller, id).await?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    pub(crate) fn provider_of(&self, credential: &Credential) -> Result<std::sync::Arc<Provider>, Failure> {
        self.ports.catalog.find(credential.provider.as_str()).ok_or_else(|| {
            tracing::error!(provider = %credential.provider, "a stored credential's provider is not in the catalog");
            Failure::Internal
        })
    }

    fn change_event(
        &self,
        caller: &Caller,
        before: &Credential,
        after: &Credential,
        sealed: Option<&Sealed>,
    ) -> AuditEvent {
        let mut changed = Vec::new();
        if before.name != after.name {
            changed.push("name");
        }
        if before.expires_at != after.expires_at {
            changed.push("expires_at");
        }
        let action = match sealed {
            Some(_) => Action::CredentialUpdated,
            None => Action::CredentialRenamed,
        };
        if sealed.is_some() {
            changed.push("credentials");
        }
        if before.credential_type != after.credential_type {
            changed.push("credential_type");
        }
        let event = caller.event(action, Outcome::Success).about(after).detail("changed", changed.join(","));
        match sealed {
            Some(sealed) => event.sealed_as(self.ports.vault.envelope_digest(sealed)),
            None => event,
        }
    }
}
