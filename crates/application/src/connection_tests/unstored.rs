//! Tests credentials before they are stored.

use std::sync::Arc;

use strongroom_domain::{Action, CredentialType, Rule, Submission};

use super::ConnectionTests;
use super::run::{Candidate, Tested};
use crate::Failure;
use crate::ground::{Permitted, to};

/// The credential to test.
#[derive(Debug)]
pub struct TestConnection {
    /// The provider's id, in any case.
    pub provider: String,
    /// How the credential authenticates there.
    pub credential_type: CredentialType,
    /// Its fields.
    pub credentials: Submission,
    /// A folder in which an SFTP test writes, reads back and removes a small file.
    pub probe_path: Option<String>,
}

impl ConnectionTests {
    /// Tests credentials and stores nothing but the event.
    ///
    /// # Errors
    /// `Invalid` for an unknown provider, one without a test, or content that breaks its rules; `Forbidden`
    /// outside the caller's reach; `Limited`. A test that finds something wrong is not an error.
    pub async fn test(
        &self,
        caller: &Permitted<to::TestCredential>,
        asked: TestConnection,
    ) -> Result<Tested, Failure> {
        let provider = self.catalog.find(&asked.provider).ok_or_else(|| {
            Failure::invalid(Rule::fixed("must be a provider of the catalog").on("provider"))
        })?;
        if !caller.principal.reach().allows_creating(&provider.id) {
            return Err(self.gate.deny(caller));
        }
        let content = provider.accept(asked.credential_type, asked.credentials).map_err(Failure::Invalid)?;
        let content = Arc::new(content);
        let candidate = Candidate {
            provider: &provider,
            credential_type: asked.credential_type,
            content: &content,
            probe_path: asked.probe_path,
            is_new: true,
        };
        let run = self.run_test(caller, &candidate).await?.ok_or_else(no_test)?;
        self.audit.record(run.events(caller, Action::ConnectionTested).collect()).await?;
        Ok(run.tested)
    }
}

/// The refusal for a provider, or a type of credential, for which there is no test.
pub(crate) fn no_test() -> Failure {
    Failure::invalid(
        Rule::fixed("has no connection test for a credential of this type with these fields").on("provider"),
    )
}
