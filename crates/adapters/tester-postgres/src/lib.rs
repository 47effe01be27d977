//! Tests PostgreSQL credentials: one login and `SELECT 1` in a read-only transaction.
//!
//! A tenant chooses the server, so it is treated as hostile. The driver gets a connected stream and never a
//! connection string. A guard stands between the server and the driver: it counts what the server sends, and
//! it ends the connection before the driver would answer a request for the password in a form that the server
//! could read and that verified TLS does not protect. Everything runs inside the future of the test; dropping
//! it closes the connection.

mod certificate;
mod channel_binding;
mod finding;
mod guard;
mod negotiation;
mod pooler;
mod session;
mod settings;
mod tls_mode;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{Facts, TestCode};
use strongroom_egress::{CheckedStream, Destination, Egress};
use strongroom_provider_tester::{Progress, ProviderTester, TestError, TestSubject, Verdict};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::finding::Found;
use crate::session::Session;
use crate::settings::Settings;

/// How long TLS may take, from the request for it to its end.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// How long the login may take.
const LOGIN_LIMIT: Duration = Duration::from_secs(5);

/// How long the statement and the end of the session may take. The server is told to end the statement after
/// 3 s.
const PROBE_LIMIT: Duration = Duration::from_secs(4);

/// The [`ProviderTester`] of PostgreSQL.
pub struct PostgresTester {
    egress: Egress,
}

impl PostgresTester {
    /// Makes a tester that connects where this egress policy allows.
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }

    async fn reach(&self, settings: &Settings<'_>) -> Result<CheckedStream, Stopped> {
        let destination = Destination {
            purpose: settings.purpose,
            host: settings.host,
            port: settings.port,
            port_is_fixed: false,
        };
        // A test has only this connection, so no data has been sent when its budget turns out to be used up.
        let connected = self.egress.session().connect(&destination).await;
        connected.map_err(|error| match error.verdict() {
            Ok(verdict) => Stopped::Found(Box::new(verdict)),
            Err(error) => Stopped::Uncounted(error),
        })
    }

    async fn run(
        &self,
        subject: &TestSubject,
        progress: &Progress,
        facts: &mut Facts,
    ) -> Result<Verdict, Stopped> {
        let settings = progress.step(Progress::PARSE, async { Settings::read(subject) }).await?;
        let stream = progress.step(Progress::REACH, self.reach(&settings)).await?;
        let listed = stream.is_listed();
        Ok(talk(stream, listed, &settings, progress, facts).await?)
    }
}

#[async_trait]
impl ProviderTester for PostgresTester {
    async fn test(&self, subject: Arc<TestSubject>, progress: Arc<Progress>) -> Result<Verdict, TestError> {
        progress.announce([
            Progress::PARSE,
            Progress::REACH,
            Progress::HANDSHAKE,
            Progress::LOGIN,
            Progress::PROBE,
        ]);
        let mut facts = Facts::new();
        match self.run(&subject, &progress, &mut facts).await {
            Ok(verdict) => Ok(verdict.with_facts(facts)),
            Err(Stopped::Found(verdict)) => Ok(verdict.with_facts(facts)),
            Err(Stopped::Uncounted(error)) => Err(error),
        }
    }
}

/// Why a test ended before its last step.
enum Stopped {
    Found(Box<Verdict>),
    Uncounted(TestError),
}

impl From<Box<Verdict>> for Stopped {
    fn from(verdict: Box<Verdict>) -> Self {
        Self::Found(verdict)
    }
}

/// Runs the steps after TCP. `listed` says whether the operator listed the peer's network.
async fn talk<S>(
    stream: S,
    listed: bool,
    settings: &Settings<'_>,
    progress: &Progress,
    facts: &mut Facts,
) -> Found<Verdict>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let negotiated = async {
        settings.tls.mode.check_permission(listed)?;
        within(
            HANDSHAKE_LIMIT,
            "The server was reached, and TLS was not set up within 5 s.",
            negotiation::negotiate(stream, settings, facts),
        )
        .await
    };
    let wire = progress.step(Progress::HANDSHAKE, negotiated).await?;
    let protection = wire.protection;
    let logged_in =
        within(LOGIN_LIMIT, "The login was not done within 5 s.", Session::log_in(wire, settings, facts));
    let session = progress.step(Progress::LOGIN, logged_in).await?;
    let password_was_asked = session.password_was_asked();
    progress
        .step(
            Progress::PROBE,
            within(
                PROBE_LIMIT,
                "The server let the user in, and did not answer SELECT 1 in time.",
                session.probe(),
            ),
        )
        .await?;
    Ok(finding::success(protection.weakness(), password_was_asked))
}

/// Ends the work after a limit. The server was reached, so its address is not what to look at.
async fn within<T>(limit: Duration, words: &'static str, work: impl Future<Output = Found<T>>) -> Found<T> {
    let timeout = || {
        let verdict = Verdict::of(TestCode::Timeout).saying(words);
        Box::new(verdict.advising(
            "The server is slow, or waits for something that stands behind it, such as a pooler for its server. Look at its log, and try again later.",
        ))
    };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(timeout()))
}
