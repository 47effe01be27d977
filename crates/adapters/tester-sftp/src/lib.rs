//! Connection tests over SSH: a login, and a check of what an SFTP session can do with it.
//!
//! The socket comes from `adapters/egress` and does not outlive the test. The server's key is checked before
//! anything about the user is sent, and one attempt is made to log in. Nothing is read from the host: no
//! agent, no `~/.ssh`, no environment.

mod deadlines;
mod ending;
mod gatekeeper;
mod handshake;
mod key_opener;
mod leash;
mod login;
mod probe;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::TestCode;
use strongroom_egress::{CheckedStream, Destination, Egress, Purpose};
use strongroom_provider_tester::{Progress, ProviderTester, TestError, TestSubject, Verdict};

use deadlines::Deadlines;
use ending::Ending;
use gatekeeper::Seen;
use key_opener::KeyOpener;
use login::Admission;
use settings::Settings;

/// Tests SFTP credentials.
#[derive(Clone)]
pub struct SftpTester {
    egress: Egress,
    keys: KeyOpener,
}

impl SftpTester {
    /// Makes a tester whose connections obey an egress policy.
    pub fn new(egress: Egress) -> Self {
        Self { egress, keys: KeyOpener::new() }
    }

    async fn run(
        &self,
        subject: &TestSubject,
        progress: &Progress,
        seen: &Arc<Seen>,
    ) -> Result<Admission, Ending> {
        let deadlines = Deadlines::start();
        let settings = progress.step(Progress::PARSE, Settings::read(subject, &self.keys)).await?;
        let stream = progress.step(Progress::REACH, self.reach(&settings)).await?;
        leash::hold(stream, async |ours| {
            let handshake = handshake::shake_hands(ours, &settings, seen, &deadlines);
            let mut session = progress.step(Progress::HANDSHAKE, handshake).await?;
            let login = login::log_in(&mut session, &settings, &deadlines);
            let mut outcome = progress.step(Progress::LOGIN, login).await;
            if let Ok(admission) = outcome {
                let probe = probe::probe(&session, settings.probe_path.as_deref(), &deadlines);
                outcome = progress.step(Progress::PROBE, probe).await.map(|()| admission);
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
        // A test has only this connection, so no data has been sent when its budget turns out to be used up.
        let connected = self.egress.session().connect(&destination).await;
        connected.map_err(|error| error.verdict().map_or_else(Ending::Untested, Ending::from))
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
            Ok(Admission::Judged) => Verdict::of(TestCode::Ok),
            Ok(Admission::Unasked) => Verdict::of(TestCode::Ok)
                .saying("The server let the user in without looking at the secret, which stays untested.")
                .advising("Ask the server's operator whether everybody who knows the user name may log in."),
            Err(Ending::Verdict(verdict)) => *verdict,
            Err(Ending::Untested(error)) => return Err(error),
        };
        Ok(verdict.with_facts(seen.facts()))
    }
}
