//! The port to connection tests: a tester speaks a provider's protocol with a credential and reports the
//! result.
//!
//! # To add a tester
//! 1. Implement [`ProviderTester`] in an adapter crate. Open every socket through `adapters/egress`.
//! 2. Run each step inside [`Progress::step`], so that a report can be written even of a test that hangs.
//! 3. Return a refused login as a [`Verdict`], not as an `Err`. A [`TestError`] means that this service could
//!    not run the test.
//! 4. Put no text of the server into a verdict, except what the docs of [`Facts`] allow.
//! 5. Name the adapter in `crates/strongroom`, the only place that does.
//!
//! The feature `mocks` adds mockall mocks for the test suites of users of this port.

mod progress;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{Content, CredentialType, Facts, Provider, ProviderTest, TestCode};

pub use progress::{Progress, StepName};

/// The longest that a test may take (security.md 3.5). A tester that is not done by then is abandoned.
pub const TEST_LIMIT: Duration = Duration::from_secs(10);

/// The longest path of a probe folder, in bytes. POSIX servers may allow paths of 4096 bytes, but a folder
/// for tests does not need such a long path.
pub const MAX_PROBE_PATH_BYTES: usize = 1024;

/// What to test.
#[derive(Debug)]
pub struct TestSubject {
    /// The provider, which has a test.
    pub provider: Arc<Provider>,
    /// How the credential authenticates.
    pub credential_type: CredentialType,
    /// The credential, checked by the provider's rules.
    pub content: Arc<Content>,
    /// A folder in which an SFTP test writes, reads back and removes a small file; at most
    /// [`MAX_PROBE_PATH_BYTES`].
    pub probe_path: Option<String>,
}

/// What a test has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The finding.
    pub code: TestCode,
    /// The text for a person, when there is more to say than [`TestCode::message`]. It is never used for
    /// `not_reachable`, which has one text.
    pub message: Option<Cow<'static, str>>,
    /// What the person can do next, when there is more to say than [`TestCode::hint`].
    pub hint: Option<Cow<'static, str>>,
    /// The facts that the test has found.
    pub facts: Facts,
    /// The cause, for the log and the audit trail only. MUST hold neither a secret nor text that a server
    /// sent.
    pub cause: Option<Cause>,
}

/// Why a test ended as it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The egress policy refused the destination, for this reason.
    Policy(String),
    /// Name resolution or TCP failed.
    Network(String),
    /// The protocol failed.
    Protocol(String),
}

impl Cause {
    /// The reason.
    pub fn text(&self) -> &str {
        match self {
            Self::Policy(reason) | Self::Network(reason) | Self::Protocol(reason) => reason,
        }
    }
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestError {
    /// The destination has been tested too often in the last minute, by this or other organisations. Nothing
    /// was sent to it.
    #[error("the destination has been tested too often")]
    DestinationLimit {
        /// How long until the next test may run.
        retry_after: Duration,
    },
    /// The store that counts tests cannot be reached. Nothing was sent to the destination.
    #[error("the tests of the destination could not be counted")]
    Unavailable,
}

/// Tests credentials of one protocol.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ProviderTester: Send + Sync {
    /// Runs one test: one attempt to log in, no retry.
    ///
    /// MUST send no secret before the destination has passed the egress policy and, where the protocol
    /// supports it, the server has proved its identity. MUST NOT read environment variables, files or agents
    /// of the host. The call may be dropped at any time, and MUST then leave no connection open.
    async fn test(&self, subject: Arc<TestSubject>, progress: Arc<Progress>) -> Result<Verdict, TestError>;
}

/// Counts connection tests of destinations, over all instances.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DestinationBudget: Send + Sync {
    /// Takes one test of a destination from its budget. It is called with the destination as it was asked for
    /// (`sftp.example.com:22`), before anything else is done, and then with each address (`203.0.113.7:22`),
    /// right before a connection to it is opened.
    ///
    /// # Errors
    /// [`TestError`] when the budget is used up or cannot be counted. Then no connection may be opened.
    async fn take(&self, destination: &str) -> Result<(), TestError>;
}

/// One tester for each way to test.
#[derive(Clone)]
pub struct Testers {
    /// SFTP.
    pub sftp: Arc<dyn ProviderTester>,
    /// PostgreSQL.
    pub postgresql: Arc<dyn ProviderTester>,
    /// HTTP, as provider files declare it.
    pub http: Arc<dyn ProviderTester>,
}

impl Testers {
    /// The tester for a provider's test.
    pub fn of(&self, test: &ProviderTest) -> &Arc<dyn ProviderTester> {
        match test {
            ProviderTest::Sftp => &self.sftp,
            ProviderTest::Postgresql => &self.postgresql,
            ProviderTest::Http(_) => &self.http,
        }
    }
}

impl Verdict {
    /// A finding with the code's own message and hint.
    pub fn of(code: TestCode) -> Self {
        Self { code, message: None, hint: None, facts: Facts::new(), cause: None }
    }

    /// Adds a message.
    #[must_use]
    pub fn saying(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// Adds a hint.
    #[must_use]
    pub fn advising(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds a cause, for the log and the audit trail.
    #[must_use]
    pub fn because(self, cause: Cause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Adds facts.
    #[must_use]
    pub fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }
}
