//! Tests a stored credential against the destination that it was stored with.

use std::sync::Arc;

use strongroom_domain::{
    Content, CredentialId, CredentialStatus, Evidence, Operation, ProviderId, Rule, TestMeaning,
};
use strongroom_repository::{SealedCredential, Selector, TestFinding};

use crate::connection_tests::run::{Candidate, Tested};
use crate::connection_tests::unstored::no_test;
use crate::{Application, Caller, Conflict, Failure, Missing};

/// A stored credential's test.
pub(crate) struct StoredTest {
    pub(crate) tested: Tested,
    /// The version of the content that was tested.
    pub(crate) version: u64,
    /// Whether that content was still there afterwards, so that what was found is kept.
    pub(crate) kept: bool,
}

impl Application {
    /// Tests a credential and keeps what was found, unless its content has changed meanwhile. Takes no
    /// destination: a stored secret is sent only where it was stored for.
    ///
    /// # Errors
    /// `NotFound` outside the caller's organisation and reach, `Invalid` when its provider is none of
    /// `providers` (when given) or has no test, `Conflict` while its authorisation is not complete, `Limited`.
    pub async fn test_stored_credential(
        &self,
        caller: &Caller,
        id: CredentialId,
        providers: Option<&[&str]>,
    ) -> Result<Tested, Failure> {
        self.permit(caller, Operation::TestCredential)?;
        Ok(self.test_stored(caller, id, providers).await?.ok_or_else(no_test)?.tested)
    }

    /// The same for a caller whom the table allows an operation that includes it; `None` when there is no
    /// test for the credential.
    pub(crate) async fn test_stored(
        &self,
        caller: &Caller,
        id: CredentialId,
        providers: Option<&[&str]>,
    ) -> Result<Option<StoredTest>, Failure> {
        let row = self.ports.credentials.find_sealed(caller.organization(), &Selector::Id(id)).await?;
        let row = row
            .filter(|row| caller.principal.reach().covers(&row.credential))
            .ok_or(Failure::NotFound(Missing::Credential))?;
        check_kind(&row.credential.provider, providers)?;
        if row.credential.status == CredentialStatus::Pending {
            return Err(Failure::Conflict(Conflict::AuthorizationPending));
        }
        // A token that has ended says nothing about its grant.
        let row = self.freshened(caller, row.clone(), None).await.unwrap_or(row);
        let provider = self.provider_of(&row.credential)?;
        let secret = self.open(caller, &row).await?;
        let SealedCredential { credential, .. } = row;
        let content =
            Arc::new(Content { config: credential.config.clone(), secret, access_token_expires_at: None });
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
        let kept = self.ports.credentials.record_test(organization, id, version, &finding, evidence).await?;
        if !kept {
            // Its content has changed, or it is gone; that it was tested is true all the same.
            let events = run.events_about(caller, &credential);
            self.audit_writer
                .record(events.map(|event| event.detail("superseded", "true")).collect())
                .await?;
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
