//! "Test before you store": what a test of new content means for storing it.

use std::sync::Arc;

use strongroom_domain::{Content, CredentialType, Provider, TestMeaning};

use super::ConnectionTests;
use super::run::{Candidate, Run, pin_host_key};
use crate::{Caller, Failure};

/// What becomes of new content whose test nobody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It is stored all the same, unverified: there is nothing to lose.
    Store,
    /// It is refused, so that it does not replace content that may work.
    Refuse,
}

impl ConnectionTests {
    /// Checks the private keys of new content and tests it, and pins the host key that a good test has seen.
    /// Without a declared test there is nothing to run, and `None` comes back.
    ///
    /// # Errors
    /// `Rejected` when the provider refused the credential or its settings do not fit, `Upstream` when nobody
    /// answered and `unanswered` says so. Both are on record then.
    pub(crate) async fn test_new_content(
        &self,
        caller: &Caller,
        provider: &Arc<Provider>,
        credential_type: CredentialType,
        content: Content,
        unanswered: Unanswered,
    ) -> Result<(Content, Option<Run>), Failure> {
        let content = Arc::new(content);
        let candidate =
            Candidate { provider, credential_type, content: &content, probe_path: None, is_new: true };
        let run = self.run_test(caller, &candidate).await?;
        match &run {
            Some(run) => self.judge(caller, run, unanswered).await?,
            None => self.key_files.check(caller, provider, &content).await?,
        }
        // A tester that was abandoned may still hold the content for a moment; then a copy is stored.
        let mut content = Arc::try_unwrap(content).unwrap_or_else(|shared| shared.duplicate());
        if let Some(run) = &run {
            pin_host_key(provider, &mut content, &run.tested.report);
        }
        Ok((content, run))
    }

    async fn judge(&self, caller: &Caller, run: &Run, unanswered: Unanswered) -> Result<(), Failure> {
        let report = || Box::new(run.tested.report.clone());
        let refused = match run.tested.report.code.meaning() {
            TestMeaning::Works => return Ok(()),
            TestMeaning::Unanswered if unanswered == Unanswered::Store => return Ok(()),
            TestMeaning::Unanswered => Failure::Upstream(report()),
            TestMeaning::Rejected | TestMeaning::Misconfigured => Failure::Rejected(report()),
        };
        self.record_lost_test(caller, Some(run)).await?;
        Err(refused)
    }
}
