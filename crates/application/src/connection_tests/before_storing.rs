//! Tests new content before it is stored, and decides from the finding whether it may be stored.

use std::sync::Arc;

use strongroom_domain::{Content, CredentialType, Provider, TestMeaning};

use super::ConnectionTests;
use super::run::{Candidate, Run, pin_host_key};
use crate::{Caller, Failure};

/// What happens with new content when its test got no answer from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It is stored as unverified, because it replaces nothing.
    Store,
    /// It is refused, so that it does not replace content that may work.
    Refuse,
}

impl ConnectionTests {
    /// Checks the private keys of new content and tests it, and pins the host key that a successful test has
    /// seen. Without a declared test there is nothing to run, and the returned run is `None`.
    ///
    /// # Errors
    /// `Rejected` when the provider refused the credential or its settings do not fit; `Upstream` when the
    /// provider did not answer and `unanswered` is `Refuse`. The test is on record in both cases.
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
        // A tester that was abandoned may still hold the content for a moment; in that case a copy is stored.
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
