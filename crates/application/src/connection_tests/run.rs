//! Runs connection tests: checks the limits before, ends the test after a fixed time, and writes the report.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::connection_test::HOST_KEY_FINGERPRINT;
use strongroom_domain::crm::DSN;
use strongroom_domain::{
    Action, AuditEvent, ConfigValue, Content, Credential, CredentialType, Outcome, Provider, ProviderId,
    ProviderTest, StepOutcome, TestCode, TestMeaning, TestReport, TestStep,
};
use strongroom_provider_tester::{Cause, Progress, StepName, TEST_LIMIT, TestError, TestSubject, Verdict};
use tokio::time::Instant;

use super::ConnectionTests;
use crate::ground::FULL;
use crate::{Allowance, Caller, Failure};

/// The unit to which the duration of a failed attempt to reach a server is rounded up, so that the duration
/// reveals nothing.
const GRAIN: Duration = Duration::from_millis(250);

/// A test that has run.
#[derive(Debug)]
pub struct Tested {
    /// Its report.
    pub report: TestReport,
    /// What is left of the caller's share of tests, when there is a limit.
    pub allowance: Option<Allowance>,
}

/// A test together with its cause, which only the log and the audit trail may show.
pub(crate) struct Run {
    pub(crate) tested: Tested,
    cause: Option<Cause>,
}

/// Content to test, and its provider.
pub(crate) struct Candidate<'a> {
    pub(crate) provider: &'a Arc<Provider>,
    pub(crate) credential_type: CredentialType,
    pub(crate) content: &'a Arc<Content>,
    pub(crate) probe_path: Option<String>,
    /// Whether the content is new, so that its private keys have not been opened yet.
    pub(crate) is_new: bool,
}

impl Candidate<'_> {
    /// The test that its provider declares for content like this.
    fn declared_test(&self) -> Option<&ProviderTest> {
        let has =
            |name: &str| self.content.config.get(name).is_some() || self.content.secret.get(name).is_some();
        // The CRM address is not a field of the provider, so the test would go to another place than the
        // client does.
        let elsewhere = self.provider.crm.is_some() && has(DSN);
        self.provider
            .test
            .as_ref()
            .filter(|_| !elsewhere && self.provider.can_test(self.credential_type, has))
    }
}

impl ConnectionTests {
    /// Tests a candidate within the caller's limits; `None` when its provider declares no test for it. The
    /// caller of this function must write the audit events of the test; see [`Run::events`].
    ///
    /// # Errors
    /// `Limited` when user, organisation, instance or destination have used up their share; then nothing was
    /// sent, and the refusal is on record. `Unavailable` when the store could not count the destination. For
    /// new content, the errors of a private key that does not open.
    pub(crate) async fn run_test(
        &self,
        caller: &Caller,
        candidate: &Candidate<'_>,
    ) -> Result<Option<Run>, Failure> {
        let Some(test) = candidate.declared_test() else { return Ok(None) };
        let run = self.run_declared(caller, test, candidate).await;
        if matches!(run, Err(Failure::Limited { .. })) {
            let event = caller.event(Action::ConnectionTested, Outcome::Denied).detail("code", "limited");
            self.gate.put_on_record(of_provider(event, &candidate.provider.id));
        }
        run.map(Some)
    }

    /// Puts a test on record whose credential was not stored, whatever the reason was.
    pub(crate) async fn record_lost_test(&self, caller: &Caller, run: Option<&Run>) -> Result<(), Failure> {
        let Some(run) = run else { return Ok(()) };
        self.audit.record(run.events(caller, Action::ConnectionTested).collect()).await
    }

    fn failure_of(&self, error: &TestError) -> Failure {
        match error {
            TestError::DestinationLimit { retry_after } => self.trials.destination_used_up(*retry_after),
            TestError::Unavailable => Failure::unavailable(),
        }
    }

    async fn run_declared(
        &self,
        caller: &Caller,
        test: &ProviderTest,
        candidate: &Candidate<'_>,
    ) -> Result<Run, Failure> {
        let allowance = self.trials.take_test(caller)?;
        if candidate.is_new {
            self.key_files.check(caller, candidate.provider, candidate.content).await?;
        }
        let _place = self.places.enter(caller.organization()).await.ok_or(FULL)?;
        let (tested_at, began) = (self.clock.now(), Instant::now());
        let progress = Arc::new(Progress::default());
        let subject = Arc::new(TestSubject {
            provider: candidate.provider.clone(),
            credential_type: candidate.credential_type,
            content: candidate.content.clone(),
            probe_path: candidate.probe_path.clone(),
        });
        let verdict = self.testers.of(test).test(subject, progress.clone());
        let verdict = match tokio::time::timeout(TEST_LIMIT, verdict).await {
            Ok(verdict) => verdict.map_err(|error| self.failure_of(&error))?,
            Err(_) => {
                Verdict::of(TestCode::Timeout).because(Cause::Network("the test took too long".to_owned()))
            }
        };
        // A server that accepts connections and says nothing gets the code of one that accepts none: only a
        // port scanner would profit from the difference.
        let code = match verdict.code {
            TestCode::Timeout if progress.is_before_login() => TestCode::NotReachable,
            code => code,
        };
        let report = TestReport {
            code,
            message: verdict.message.unwrap_or(Cow::Borrowed(code.message())),
            hint: verdict.hint.or(hint_of(code, &progress).map(Cow::Borrowed)),
            provider: candidate.provider.id.clone(),
            tested_at,
            duration: began.elapsed(),
            steps: progress.steps(),
            facts: verdict.facts,
        };
        let report = match report.code {
            TestCode::NotReachable => held_back(report, began).await,
            TestCode::Insufficient => TestReport { steps: with_good_login(report.steps), ..report },
            _ => report,
        };
        let report = TestReport { hint: with_notes(report.hint, &candidate.content.notes), ..report };
        self.counts.count(report.code);
        tracing::info!(
            provider = %report.provider, code = report.code.as_str(), cause = verdict.cause.as_ref().map(Cause::text),
            "a connection was tested"
        );
        Ok(Run { tested: Tested { report, allowance }, cause: verdict.cause })
    }
}

impl Run {
    /// The event of the test. When the egress policy refused its destination, there is also an event of the
    /// refusal.
    pub(crate) fn events(&self, caller: &Caller, action: Action) -> impl Iterator<Item = AuditEvent> + use<> {
        let report = &self.tested.report;
        let outcome = match report.code.meaning() {
            TestMeaning::Works => Outcome::Success,
            TestMeaning::Rejected => Outcome::Denied,
            TestMeaning::Misconfigured | TestMeaning::Unanswered => Outcome::Failed,
        };
        let event = |action, outcome| of_provider(caller.event(action, outcome), &report.provider);
        let tested = event(action, outcome).detail("code", report.code.as_str());
        let (tested, refused) = match &self.cause {
            Some(Cause::Policy(reason)) => {
                let refused = event(Action::EgressRefused, Outcome::Denied);
                (tested, Some(refused.detail("reason", reason.as_str())))
            }
            Some(Cause::Protocol(reason)) => (tested.detail("cause", reason.as_str()), None),
            // The exact network error is for the operator's log only, because tenants read the audit trail.
            Some(Cause::Network(_)) | None => (tested, None),
        };
        std::iter::once(tested).chain(refused)
    }

    /// The events of [`Self::events`], with the credential that was tested.
    pub(crate) fn events_about(
        &self,
        caller: &Caller,
        credential: &Credential,
    ) -> impl Iterator<Item = AuditEvent> {
        self.events(caller, Action::CredentialTested).map(|event| event.about(credential))
    }
}

fn of_provider(mut event: AuditEvent, provider: &ProviderId) -> AuditEvent {
    event.provider = Some(provider.clone());
    event
}

/// Makes every kind of unreachable server look the same: one text, the same steps, no facts, and durations in
/// whole units of [`GRAIN`]. The report is held back until that duration has passed.
async fn held_back(report: TestReport, began: Instant) -> TestReport {
    let duration = in_grains(report.duration);
    let steps = report.steps.into_iter().map(|step| {
        let (outcome, duration) = match &step.name {
            name if *name == Progress::PARSE => (StepOutcome::Ok, Some(Duration::ZERO)),
            name if *name == Progress::REACH => (StepOutcome::Failed, Some(duration)),
            _ => (StepOutcome::Skipped, None),
        };
        TestStep { outcome, duration, ..step }
    });
    let report = TestReport {
        message: Cow::Borrowed(TestCode::NotReachable.message()),
        hint: TestCode::NotReachable.hint().map(Cow::Borrowed),
        steps: steps.collect(),
        facts: Default::default(),
        duration,
        ..report
    };
    tokio::time::sleep_until(began + duration).await;
    report
}

/// Corrects the steps of a credential that lacks a permission. Its login succeeded and its probe failed, even
/// when one request does both.
fn with_good_login(mut steps: Vec<TestStep>) -> Vec<TestStep> {
    let is_failed_login =
        |step: &&mut TestStep| step.name == Progress::LOGIN && step.outcome == StepOutcome::Failed;
    let Some(login) = steps.iter_mut().find(is_failed_login) else { return steps };
    login.outcome = StepOutcome::Ok;
    let probe =
        TestStep { name: Progress::PROBE, outcome: StepOutcome::Failed, duration: Some(Duration::ZERO) };
    match steps.iter_mut().find(|step| step.name == Progress::PROBE) {
        Some(announced) => *announced = probe,
        None => steps.push(probe),
    }
    steps
}

/// The hint of a code, which advises nothing that the steps so far have shown to be right.
fn hint_of(code: TestCode, progress: &Progress) -> Option<&'static str> {
    let done = |step: StepName| progress.is_done(&step);
    match code {
        TestCode::Timeout | TestCode::ProviderError if done(Progress::LOGIN) => Some(
            "Host, port and secret are right: the login worked. The server is slow or has trouble of its own: try again later, or ask its operator.",
        ),
        TestCode::Timeout | TestCode::ProviderError if done(Progress::HANDSHAKE) => Some(
            "Host and port lead to a server that answers. It may be slow or have trouble of its own: try again later, or ask its operator.",
        ),
        code => code.hint(),
    }
}

/// Adds the notes about the content to a hint.
fn with_notes(hint: Option<Cow<'static, str>>, notes: &[String]) -> Option<Cow<'static, str>> {
    if notes.is_empty() {
        return hint;
    }
    let sentences: Vec<&str> = hint.as_deref().into_iter().chain(notes.iter().map(String::as_str)).collect();
    Some(Cow::Owned(sentences.join(" ")))
}

fn in_grains(duration: Duration) -> Duration {
    let grains = duration.as_micros().div_ceil(GRAIN.as_micros()).max(1);
    GRAIN * u32::try_from(grains).unwrap_or(u32::MAX)
}

/// Stores the host key that a successful test has seen, unless the caller named one. From then on the server
/// must show the same key. The key of a server at which the login did not succeed is not stored.
pub(crate) fn pin_host_key(provider: &Provider, content: &mut Content, report: &TestReport) {
    if report.code.meaning() != TestMeaning::Works {
        return;
    }
    let declared = provider.field(HOST_KEY_FINGERPRINT).is_some();
    if let (true, Some(seen)) = (declared, report.facts.get(HOST_KEY_FINGERPRINT))
        && content.config.get(HOST_KEY_FINGERPRINT).is_none()
    {
        content.config.insert(HOST_KEY_FINGERPRINT, ConfigValue::Text(seen.clone()));
    }
}
