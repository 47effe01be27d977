//! Replaces a credential's content, or its name.

use strongroom_domain::connection_test::keep_host_key;
use strongroom_domain::{
    Content, Credential, CredentialId, CredentialName, CredentialType, Evidence, Submission,
};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Credentials;
use crate::connection_tests::{Run, Unanswered};
use crate::ground::{PATIENCE, Permitted, check_revision, end_of_life, to};
use crate::{Caller, Conflict, Failure};

/// The change to a credential; absent parts stay as they are.
#[derive(Debug, Default)]
pub struct UpdateCredential {
    /// New content, all of it: destination and secret are always replaced together.
    pub content: Option<NewContent>,
    /// A new name.
    pub name: Option<CredentialName>,
    /// The new date on which it stops working; the inner `None` means that the date is not known. New content
    /// without a date drops the old one.
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

/// A change whose content has been checked.
struct Change {
    content: Option<Checked>,
    name: Option<CredentialName>,
    expires_at: Option<Option<OffsetDateTime>>,
    expected_revision: Option<u64>,
}

/// New content that keeps its provider's rules, and its test when there was one.
pub(crate) struct Checked {
    pub(crate) kind: CredentialType,
    pub(crate) content: Content,
    pub(crate) run: Option<Run>,
}

impl Checked {
    pub(crate) fn put_into(&self, changed: &mut Credential, stated_end: Option<OffsetDateTime>) {
        changed.take_new_content();
        if let Some(run) = &self.run {
            changed.take_test(&run.tested.report);
        }
        changed.credential_type = self.kind;
        changed.config = self.content.config.clone();
        changed.access_token_expires_at = self.content.access_token_expires_at;
        changed.expires_at = end_of_life(stated_end, self.kind, &self.content);
    }
}

impl Credentials {
    /// Changes a credential in place; id, provider, slot and organisation stay.
    ///
    /// # Errors
    /// `Conflict(StaleRevision)` when `expected_revision` is not the present one; `Rejected` or `Upstream`
    /// when the test that was asked for fails. On any error the old content is still stored.
    pub async fn update(
        &self,
        caller: &Permitted<to::UpdateCredential>,
        id: CredentialId,
        change: UpdateCredential,
    ) -> Result<Credential, Failure> {
        let current = self.rows.reachable(caller, id).await?;
        let UpdateCredential { content, name, expires_at, expected_revision, test } = change;
        let content = match content {
            None => None,
            Some(new) => {
                check_revision(expected_revision, &current)?;
                Some(self.checked(caller, &current, new, test).await?)
            }
        };
        let run = content.as_ref().and_then(|checked: &Checked| checked.run.as_ref());
        let caller = &self.judge_after(caller, run).await?;
        let change = Change { content, name, expires_at, expected_revision };
        let written = match self.gate.check_reach(caller, &current) {
            Ok(()) => self.write_change(caller, &change, current).await,
            Err(beyond) => Err(beyond),
        };
        if written.is_err() {
            let run = change.content.as_ref().and_then(|checked| checked.run.as_ref());
            self.tests.record_lost_test(caller, run).await?;
        }
        written
    }

    /// Checks new content against its provider's rules, and tests it when that is asked for. The host key
    /// that was pinned for the same server stays pinned, unless the caller names another one.
    async fn checked(
        &self,
        caller: &Caller,
        current: &Credential,
        new: NewContent,
        test: bool,
    ) -> Result<Checked, Failure> {
        let kind = new.credential_type;
        let provider = self.rows.provider_of(current)?;
        let mut content = provider.accept(kind, new.credentials).map_err(Failure::Invalid)?;
        keep_host_key(&current.config, &mut content.config);
        if !test {
            self.key_files.check(caller, &provider, &content).await?;
            return Ok(Checked { kind, content, run: None });
        }
        let (content, run) =
            self.tests.test_new_content(caller, &provider, kind, content, Unanswered::Refuse).await?;
        Ok(Checked { kind, content, run })
    }

    /// Writes the change. When another write was faster and the caller expects no revision, it starts over.
    async fn write_change(
        &self,
        caller: &Caller,
        change: &Change,
        mut current: Credential,
    ) -> Result<Credential, Failure> {
        let began = Instant::now();
        loop {
            check_revision(change.expected_revision, &current)?;
            let mut changed = self.rows.next_revision(caller, &current);
            changed.name = change.name.clone().unwrap_or(changed.name);
            changed.expires_at = change.expires_at.unwrap_or(changed.expires_at);
            let sealed = match &change.content {
                None => None,
                Some(checked) => {
                    checked.put_into(&mut changed, change.expires_at.flatten());
                    changed.refresh_at = self.schedule.first_refresh(&changed, &checked.content);
                    Some(self.sealing.seal(&changed, &checked.content.secret).await?)
                }
            };
            let event = self.rows.change_event(caller, &current, &changed, sealed.as_ref());
            let run = change.content.as_ref().and_then(|checked| checked.run.as_ref());
            let tests = run.into_iter().flat_map(|run| run.events_about(caller, &changed));
            let evidence = tests.fold(event.into(), Evidence::and);
            let (revision, version) = (current.revision, current.version);
            let written = match &sealed {
                Some(sealed) => self.repository.replace(&changed, sealed, revision, version, evidence).await,
                None => self.repository.relabel(&changed, revision, version, evidence).await,
            };
            match written.map_err(Failure::from) {
                Ok(()) => return Ok(changed),
                Err(Failure::Conflict(Conflict::StaleRevision)) => {
                    if began.elapsed() > PATIENCE {
                        return Err(Failure::unavailable());
                    }
                    current = self.rows.reachable(caller, current.id).await?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}
