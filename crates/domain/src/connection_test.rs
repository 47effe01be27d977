//! Connection tests: what one can find, and the report that a person reads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::config::{ConfigValue, PublicConfig};
use crate::credential_status::CredentialStatus;
use crate::provider_id::ProviderId;
use crate::spelled::spelled;

spelled! {
    /// What a connection test found. The set is closed (api.md, part 0): a caller learns one of these codes
    /// and no more.
    TestCode, "must be a test code":
    /// The provider accepted the credential.
    Ok => "ok",
    /// The provider accepted the credential, which lacks a permission.
    Insufficient => "insufficient",
    /// The provider looked at the secret and refused it.
    AuthRejected => "auth_rejected",
    /// The server's host key is not the one that was pinned; no secret was sent.
    HostKeyMismatch => "host_key_mismatch",
    /// TLS could not be set up as asked; no secret was sent.
    TlsFailed => "tls_failed",
    /// Host, database, path or account are wrong, whatever the secret.
    InvalidConfig => "invalid_config",
    /// No connection: the policy refused it, the name does not exist, the port is closed or filtered, or
    /// there is no route. They all have this one code.
    NotReachable => "not_reachable",
    /// The server was reached and did not answer in time.
    Timeout => "timeout",
    /// The server answered with an error of its own, or with something that is not a valid answer.
    ProviderError => "provider_error",
    /// The provider asks to come back later.
    RateLimited => "rate_limited",
}

impl TestCode {
    /// What the code means for a caller who wants to store or keep the credential.
    pub const fn meaning(self) -> TestMeaning {
        match self {
            Self::Ok | Self::Insufficient => TestMeaning::Works,
            Self::AuthRejected => TestMeaning::Rejected,
            Self::HostKeyMismatch | Self::TlsFailed | Self::InvalidConfig => TestMeaning::Misconfigured,
            Self::NotReachable | Self::Timeout | Self::ProviderError | Self::RateLimited => {
                TestMeaning::Unanswered
            }
        }
    }

    /// The text for a person, when the tester gives no more specific one.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Ok => "The credential works.",
            Self::Insufficient => "The credential is valid but lacks a permission.",
            Self::AuthRejected => "The provider refused the credential.",
            Self::HostKeyMismatch => "The server's host key is not the one that was pinned.",
            Self::TlsFailed => "TLS could not be set up with the server.",
            Self::InvalidConfig => "The settings do not fit the server.",
            Self::NotReachable => "The server could not be reached, or did not answer in time.",
            Self::Timeout => "The server was reached but did not answer in time.",
            Self::ProviderError => {
                "The server answered with an error that says nothing about the credential."
            }
            Self::RateLimited => "The provider asks for fewer requests.",
        }
    }

    /// What the person who reads the report can do next.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Ok => None,
            Self::Insufficient => Some("Grant the missing permission at the provider, then test again."),
            Self::AuthRejected => Some("Check the secret for typing errors, expiry and revocation."),
            Self::HostKeyMismatch => Some(
                "Ask the server's operator whether the key was replaced; if so, store the new fingerprint, else do not connect.",
            ),
            Self::TlsFailed => Some(
                "Check the host name, the certificate's expiry and its issuer; a private CA must be given as PEM.",
            ),
            Self::InvalidConfig => Some("Check host, database, region, account and path."),
            Self::NotReachable => Some(
                "Check host name and port, that the server accepts connections from the internet, and that it is not too slow to answer; private networks must be opened by the operator of this vault.",
            ),
            Self::Timeout | Self::ProviderError => Some(
                "Check that host and port are those of the service; if they are, it may be down: try again later.",
            ),
            Self::RateLimited => Some("Wait a few minutes, then test again."),
        }
    }
}

/// What a code means for a caller who wants to store or keep the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestMeaning {
    /// The credential works, perhaps not for everything.
    Works,
    /// The provider refused the credential.
    Rejected,
    /// The settings beside the secret are wrong; the secret was not judged.
    Misconfigured,
    /// The provider did not judge the credential.
    Unanswered,
}

impl TestMeaning {
    /// The status of a stored credential after a test; `None` keeps the one it has.
    pub const fn status(self) -> Option<CredentialStatus> {
        match self {
            Self::Works => Some(CredentialStatus::Validated),
            Self::Rejected => Some(CredentialStatus::Rejected),
            Self::Misconfigured | Self::Unanswered => None,
        }
    }
}

/// One step of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestStep {
    /// `parse`, `reach`, `handshake`, `login`, `probe`, or the name that a provider file gives its own step.
    pub name: Cow<'static, str>,
    /// How it ended.
    pub outcome: StepOutcome,
    /// How long it took; `None` when it never began.
    pub duration: Option<Duration>,
}

/// How a step of a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was done.
    Ok,
    /// The test ended here.
    Failed,
    /// It was not begun.
    Skipped,
}

impl StepOutcome {
    /// The spelling of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Facts that a person wants to pin or watch: `host_key_fingerprint`, `tls`, `tls_certificate_expires_at`,
/// `server_version`, `account`, `organization`. They never hold a banner, a driver's text, an address or a
/// body that a server sent.
pub type Facts = BTreeMap<&'static str, String>;

/// The fact that names an SSH server's host key: `SHA256:` and 43 base64 characters, as `ssh-keygen -lf`
/// prints it.
pub const HOST_KEY_FINGERPRINT: &str = "host_key_fingerprint";

/// The port of SSH servers unless another one is given (RFC 4253, section 4.1).
const SSH_PORT: ConfigValue = ConfigValue::Integer(22);

/// Copies the pinned host key to new public fields that name none and lead to the same server.
pub fn keep_host_key(old: &PublicConfig, new: &mut PublicConfig) {
    let host = |config: &PublicConfig| match config.get("host") {
        Some(ConfigValue::Text(host)) => Some(host.trim_end_matches('.').to_ascii_lowercase()),
        _ => None,
    };
    let port = |config: &PublicConfig| config.get("port").cloned().unwrap_or(SSH_PORT);
    let same_server = host(old).is_some() && host(old) == host(new) && port(old) == port(new);
    if let (true, None, Some(pinned)) =
        (same_server, new.get(HOST_KEY_FINGERPRINT), old.get(HOST_KEY_FINGERPRINT))
    {
        new.insert(HOST_KEY_FINGERPRINT, pinned.clone());
    }
}

/// The report of a finished test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// What it found.
    pub code: TestCode,
    /// A sentence for a person.
    pub message: Cow<'static, str>,
    /// What the person who reads it can do next.
    pub hint: Option<Cow<'static, str>>,
    /// Which provider was tested.
    pub provider: ProviderId,
    /// When it began.
    pub tested_at: OffsetDateTime,
    /// How long it took.
    pub duration: Duration,
    /// Its steps in order.
    pub steps: Vec<TestStep>,
    /// Facts that the test found beside its code.
    pub facts: Facts,
}
