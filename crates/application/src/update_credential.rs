//! Replaces a credential's content, or its name.

use std::time::Duration;

use strongroom_domain::connection_test::HOST_KEY_FINGERPRINT;
use strongroom_domain::{
    Action, AuditEvent, ConfigValue, Content, Credential, CredentialId, CredentialName, CredentialType,
    Evidence, Operation, Outcome, Provider, PublicConfig, Sealed, Submission,
};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::connection_tests::Run;
use crate::store_credential::end_of_life;
use crate::test_new_content::Unanswered;
use crate::{Application, Caller, Conflict, Failure};

/// How long a write without `If-Match` starts over when somebody else was faster.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Where SSH servers listen unless a port is given (RFC 4253, section 4.1).
const SSH_PORT: ConfigValue = ConfigValue::Integer(22);

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
    /// Whether to test new content first.
    pub test: bool,
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
    /// `Conflict(StaleRevision)` when `expected_revision` is not the present one; `Rejected` or `Upstream` when
    /// a test asked for did not go well. On any error the old content is still there and still works.
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
                let kind = new.credential_type;
                let content = self.checked(&current, new).await?;
                check_revision(change.expected_revision, &current)?;
                let (content, run) = match change.test {
                    true => self.tested(caller, &current, kind, content).await?,
                    false => (content, None),
                };
                Some((kind, content, run))
            }
        };
        let began = Instant::now();
        loop {
            check_revision(change.expected_revision, &current)?;
            let mut changed = current.clone();
            changed.revision += 1;
            changed.updated_at = self.ports.clock.now();
            changed.modified_by = caller.principal.id().to_owned();
            changed.name = change.name.clone().unwrap_or(changed.name);
            changed.expires_at = change.expires_at.unwrap_or(changed.expires_at);
            let sealed = match &content {
                None => None,
                Some((kind, content, run)) => {
                    changed.take_new_content();
                    if let Some(run) = run {
                        changed.take_test(&run.tested.report);
                    }
                    changed.credential_type = *kind;
                    changed.config = content.config.clone();
                    changed.access_token_expires_at = content.access_token_expires_at;
                    changed.expires_at = end_of_life(change.expires_at.flatten(), *kind, content);
                    Some(self.seal(&changed, &content.secret).await?)
                }
            };
            let event = self.change_event(caller, &current, &changed, sealed.as_ref());
            let run = content.as_ref().and_then(|(_, _, run)| run.as_ref());
            let tests = run.into_iter().flat_map(|run| run.events_about(caller, &changed));
            let evidence = tests.fold(event.into(), Evidence::and);
            let (revision, version) = (current.revision, current.version);
            let written =
                self.ports.credentials.replace(&changed, sealed.as_ref(), revision, version, evidence).await;
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

    async fn checked(&self, current: &Credential, new: NewContent) -> Result<Content, Failure> {
        let provider = self.provider_of(current)?;
        let content = provider.accept(new.credential_type, new.credentials).map_err(Failure::Invalid)?;
        self.check_private_keys(&provider, &content).await?;
        Ok(content)
    }

    /// Tests new content. The host key that was pinned for the same destination must show again, unless the
    /// caller names another.
    async fn tested(
        &self,
        caller: &Caller,
        current: &Credential,
        kind: CredentialType,
        mut content: Content,
    ) -> Result<(Content, Option<Run>), Failure> {
        let provider = self.provider_of(current)?;
        let port = |config: &PublicConfig| config.get("port").cloned().unwrap_or(SSH_PORT);
        let same_server = content.config.get("host") == current.config.get("host")
            && port(&content.config) == port(&current.config);
        if let Some(pinned) = current.config.get(HOST_KEY_FINGERPRINT)
            && content.config.get(HOST_KEY_FINGERPRINT).is_none()
            && same_server
        {
            content.config.insert(HOST_KEY_FINGERPRINT, pinned.clone());
        }
        self.test_new_content(caller, &provider, kind, content, Unanswered::Refuse).await
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

fn check_revision(expected: Option<u64>, current: &Credential) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != current.revision => Err(Failure::Conflict(Conflict::StaleRevision)),
        _ => Ok(()),
    }
}
