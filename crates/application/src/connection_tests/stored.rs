//! Tests a stored credential against the destination that it was stored with.

use std::sync::Arc;

use strongroom_domain::{Content, CredentialId, CredentialStatus, Evidence, ProviderId, Rule, TestMeaning};
use strongroom_repository::{SealedCredential, Selector, TestFinding};

use super::ConnectionTests;
use super::run::{Candidate, Tested};
use super::unstored::no_test;
use crate::ground::{Permitted, to};
use crate::{Conflict, Failure};

/// The test of a stored credential.
pub(crate) struct StoredTest {
    pub(crate) tested: Tested,
    /// The version of the content that was tested.
    pub(crate) version: u64,
    /// Whether that content was still there after the test, so that the finding was kept.
    pub(crate) kept: bool,
}

impl ConnectionTests {
    /// Tests a credential and keeps the finding, unless the content has changed meanwhile. It takes no
    /// destination, because a stored secret is sent only to the destination that it was stored with.
    ///
    /// # Errors
    /// `NotFound` outside the caller's organisation and reach, `Invalid` when its provider is none of
    /// `providers` (when given) or has no test, `Conflict` while its authorisation is not complete,
    /// `Limited`.
    pub async fn test_stored(
        &self,
        caller: &Permitted<to::TestCredential>,
        id: CredentialId,
        providers: Option<&[&str]>,
    ) -> Result<Tested, Failure> {
        Ok(self.try_stored(caller, id, providers).await?.ok_or_else(no_test)?.tested)
    }

    /// Tests a credential, like [`Self::test_stored`]; `None` when there is no test for it.
    pub(crate) async fn try_stored(
        &self,
        caller: &Permitted<to::TestCredential>,
        id: CredentialId,
        providers: Option<&[&str]>,
    ) -> Result<Option<StoredTest>, Failure> {
        let row = self.rows.sealed_reachable(caller, &Selector::Id(id)).await?;
        check_kind(&row.credential.provider, providers)?;
        if row.credential.status == CredentialStatus::Pending {
            return Err(Failure::Conflict(Conflict::AuthorizationPending));
        }
        // A token that has ended says nothing about its grant, so it is refreshed first.
        let row = self.refreshing.freshened(caller, row.clone(), None).await.unwrap_or(row);
        let caller = &self.gate.judge_again(caller).await?;
        self.gate.check_reach(caller, &row.credential)?;
        let provider = self.rows.provider_of(&row.credential)?;
        let secret = self.sealing.open(caller, &row).await?;
        let SealedCredential { credential, .. } = row;
        let content = Arc::new(Content { config: credential.config.clone(), secret, ..Content::default() });
        let candidate = Candidate {
            provider: &provider,
            credential_type: credential.credential_type,
            content: &content,
            probe_path: None,
            is_new: false,
        };
        let Some(run) = self.run_test(caller, &candidate).await? else { return Ok(None) };
        let report = &run.tested.report;
        let meaning = report.code.meaning();
        let finding = TestFinding {
            tested_at: report.tested_at,
            code: report.code,
            status: meaning.status(),
            status_reason: (meaning == TestMeaning::Rejected).then(|| report.message.clone().into_owned()),
        };
        let mut events = run.events_about(caller, &credential);
        let evidence = events.next().ok_or(Failure::Internal)?.into();
        let evidence = events.fold(evidence, Evidence::and);
        let (organization, version) = (&credential.organization, credential.version);
        let kept = self.credentials.record_test(organization, id, version, &finding, evidence).await?;
        if !kept {
            // The content has changed, or the credential was removed. The test was made all the same, so it
            // is recorded.
            let events = run.events_about(caller, &credential);
            self.audit.record(events.map(|event| event.detail("superseded", "true")).collect()).await?;
        }
        Ok(Some(StoredTest { tested: run.tested, version, kept }))
    }
}

fn check_kind(provider: &ProviderId, providers: Option<&[&str]>) -> Result<(), Failure> {
    match providers {
        Some(allowed) if !allowed.contains(&provider.as_str()) => {
            let rule = Rule::naming(format!("must be a credential of: {}", allowed.join(", ")));
            Err(Failure::invalid(rule.on("credential_id")))
        }
        _ => Ok(()),
    }
}
