//! Connection tests over SSH: a login, and what an SFTP session can do with it.
//!
//! The socket comes from `adapters/egress` and lives no longer than the test. The server's key is looked at
//! before anything about the user is sent, and one attempt is made to log in. Nothing is read from the
//! host: no agent, no `~/.ssh`, no environment.

mod deadlines;
mod ending;
mod gatekeeper;
mod handshake;
mod leash;
mod login;
mod probe;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::TestCode;
use strongroom_egress::{CheckedStream, ConnectError, Destination, Egress, Purpose};
use strongroom_provider_tester::{Cause, Progress, ProviderTester, TestError, TestSubject, Verdict};

use deadlines::Deadlines;
use ending::Ending;
use gatekeeper::Seen;
use settings::Settings;

/// Tests SFTP credentials.
#[derive(Clone)]
pub struct SftpTester {
    egress: Egress,
}

impl SftpTester {
    /// A tester whose connections obey an egress policy.
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }

    async fn run(&self, subject: &TestSubject, progress: &Progress, seen: &Arc<Seen>) -> Result<(), Ending> {
        let deadlines = Deadlines::start();
        let settings = progress.step(Progress::PARSE, Settings::read(subject)).await?;
        let stream = progress.step(Progress::REACH, self.reach(&settings)).await?;
        leash::hold(stream, async |ours| {
            let handshake = handshake::shake_hands(ours, &settings, seen, &deadlines);
            let mut session = progress.step(Progress::HANDSHAKE, handshake).await?;
            let login = login::log_in(&mut session, &settings, &deadlines);
            let mut outcome = progress.step(Progress::LOGIN, login).await;
            if outcome.is_ok() {
                let probe = probe::probe(&session, settings.probe_path.as_deref(), &deadlines);
                outcome = progress.step(Progress::PROBE, probe).await;
            }
            session.close().await;
            outcome
        })
        .await
    }

    async fn reach(&self, settings: &Settings) -> Result<CheckedStream, Ending> {
        let destination = Destination {
            purpose: Purpose::Sftp,
            host: &settings.host,
            port: settings.port,
            port_is_fixed: false,
        };
        let unreachable = |cause| Verdict::of(TestCode::NotReachable).because(cause).into();
        self.egress.session().connect(&destination).await.map_err(|error| match error {
            ConnectError::Refused(reason) => unreachable(Cause::Policy(reason)),
            ConnectError::Unreachable(reason) => unreachable(Cause::Network(reason)),
            ConnectError::Budget(error) => Ending::Untested(error),
        })
    }
}

#[async_trait]
impl ProviderTester for SftpTester {
    async fn test(&self, subject: Arc<TestSubject>, progress: Arc<Progress>) -> Result<Verdict, TestError> {
        progress.announce([
            Progress::PARSE,
            Progress::REACH,
            Progress::HANDSHAKE,
            Progress::LOGIN,
            Progress::PROBE,
        ]);
        let seen = Arc::new(Seen::default());
        let verdict = match self.run(&subject, &progress, &seen).await {
            Ok(()) => Verdict::of(TestCode::Ok),
            Err(Ending::Verdict(verdict)) => *verdict,
            Err(Ending::Untested(error)) => return Err(error),
        };
        Ok(verdict.with_facts(seen.facts()))
    }
}
