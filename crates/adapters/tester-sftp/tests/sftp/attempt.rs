//! Runs one test of one credential.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use strongroom_catalog_files::FileCatalog;
use strongroom_domain::{Content, CredentialType, Json, SecretText, StepOutcome, Submission, TestCode};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_environment::Catalog;
use strongroom_fixtures::sshd::Sshd;
use strongroom_provider_tester::{Progress, ProviderTester, TestSubject, Verdict};
use strongroom_tester_sftp::SftpTester;

pub(crate) struct Attempt {
    kind: CredentialType,
    fields: Vec<(&'static str, String)>,
    probe_path: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
    steps: Vec<(String, StepOutcome)>,
}

pub(crate) fn with_password(port: u16, user: &str, password: &str) -> Attempt {
    Attempt::of(CredentialType::UserPassword, port, user).field("password", password)
}

pub(crate) fn with_key(port: u16, user: &str, key: &str) -> Attempt {
    Attempt::of(CredentialType::KeyFile, port, user).field("private_key", key)
}

/// An attempt with the right password of a server's account.
pub(crate) fn as_account_of(server: &Sshd) -> Attempt {
    with_password(server.port(), server.user(), server.password())
}

impl Attempt {
    fn of(kind: CredentialType, port: u16, user: &str) -> Self {
        let attempt = Self { kind, fields: Vec::new(), probe_path: None };
        attempt.field("host", "127.0.0.1").field("port", &port.to_string()).field("username", user)
    }

    pub(crate) fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(crate) fn pinning(self, fingerprint: &str) -> Self {
        self.field("host_key_fingerprint", fingerprint)
    }

    pub(crate) fn probing(mut self, folder: impl Into<String>) -> Self {
        self.probe_path = Some(folder.into());
        self
    }

    pub(crate) async fn run(self) -> Outcome {
        let progress = Arc::new(Progress::default());
        let subject = self.subject();
        let began = Instant::now();
        let verdict = tester().test(subject, Arc::clone(&progress)).await.unwrap();
        let took = began.elapsed();
        let steps = progress.steps().into_iter().map(|step| (step.name.into_owned(), step.outcome)).collect();
        Outcome { verdict, took, steps }
    }

    pub(crate) fn subject(self) -> Arc<TestSubject> {
        static CATALOG: OnceLock<FileCatalog> = OnceLock::new();
        let provider = CATALOG.get_or_init(|| FileCatalog::embedded().unwrap()).find("sftp").unwrap();
        let text = |value: String| Json::Text(SecretText::new(value));
        let submission: Submission =
            self.fields.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
        let content: Content = provider.accept(self.kind, submission).unwrap();
        let (credential_type, probe_path) = (self.kind, self.probe_path);
        Arc::new(TestSubject { provider, credential_type, content: Arc::new(content), probe_path })
    }
}

impl Outcome {
    pub(crate) fn code(&self) -> TestCode {
        self.verdict.code
    }

    /// The step in which the test failed.
    pub(crate) fn failed_in(&self) -> Option<&str> {
        let failed = self.steps.iter().find(|(_, outcome)| *outcome == StepOutcome::Failed);
        failed.map(|(name, _)| name.as_str())
    }

    pub(crate) fn message(&self) -> &str {
        self.verdict.message.as_deref().unwrap_or_default()
    }

    pub(crate) fn hint(&self) -> &str {
        self.verdict.hint.as_deref().unwrap_or_default()
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        self.verdict.facts.get("host_key_fingerprint").map(String::as_str)
    }
}

pub(crate) fn tester() -> SftpTester {
    let settings = EgressSettings { allow_cidrs: "sftp=127.0.0.0/8".into(), ..EgressSettings::default() };
    SftpTester::new(Egress::new(&settings).unwrap())
}
