//! Connection tests over SSH: a login, and a check of what an SFTP session can do with it.
//!
//! The sockets come from `adapters/egress` and do not outlive the test. The server's key is checked before
//! anything about the user is sent, and one attempt is made to log in. Nothing is read from the host: no
//! agent, no `~/.ssh`, no environment.

mod deadlines;
mod ending;
mod gatekeeper;
mod handshake;
mod key_opener;
mod leash;
mod login;
mod offers;
mod probe;
mod server;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::TestCode;
use strongroom_egress::Egress;
use strongroom_provider_tester::{Progress, ProviderTester, TestError, TestSubject, Verdict};

use deadlines::Deadlines;
use ending::{Ending, Stage};
use gatekeeper::Seen;
use key_opener::KeyOpener;
use login::Admission;
use server::Server;
use settings::Settings;

/// What a reader of a good credential should know about its private key (release notes of OpenSSH 9.6).
const NEW_FORM: &str = "OpenSSH before 9.6 does not read an Ed25519 key in this form (PKCS #8). `ssh-keygen -p -f FILE` of a newer one writes the form that all read.";

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
        progress: &Arc<Progress>,
        seen: &mut Arc<Seen>,
    ) -> Result<(Admission, Option<&'static str>), Ending> {
        let deadlines = Deadlines::start();
        let settings = progress.step(Progress::PARSE, Settings::read(subject, &self.keys)).await?;
        let server = Server::of(&settings, &self.egress);
        let stream = progress.step(Progress::REACH, server.connect()).await?;
        let handshake = async {
            let shaken = handshake::shake_hands(stream, &server, &settings, seen, progress, &deadlines).await;
            shaken.map_err(|ending| match seen.heard_something_else() && ending.is_unexplained() {
                true => handshake::no_ssh(),
                false => ending.in_stage(Stage::Handshake),
            })
        };
        let (mut session, mut leash) = progress.step(Progress::HANDSHAKE, handshake).await?;
        let talk = async {
            let login = login::log_in(&mut session, &settings, &deadlines);
            let login = async { login.await.map_err(|ending| ending.in_stage(Stage::Login)) };
            let mut outcome = progress.step(Progress::LOGIN, login).await;
            if let Ok(admission) = outcome {
                let probe = probe::probe(&session, settings.probe_path.as_deref(), &deadlines);
                let probe = async { probe.await.map_err(|ending| ending.in_stage(Stage::Probe)) };
                outcome = progress.step(Progress::PROBE, probe).await.map(|()| admission);
            }
            session.close().await;
            outcome
        };
        let admission = leash.during(talk).await?;
        Ok((admission, settings.is_key_of_new_form.then_some(NEW_FORM)))
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
        let mut seen = Arc::<Seen>::default();
        let verdict = match self.run(&subject, &progress, &mut seen).await {
            Ok((Admission::Judged, None)) => Verdict::of(TestCode::Ok),
            Ok((Admission::Judged, Some(note))) => Verdict::of(TestCode::Ok).advising(note),
            Ok((Admission::Unasked, _)) => Verdict::of(TestCode::Ok)
                .saying("The server let the user in without looking at the secret, which stays untested.")
                .advising("Ask the server's operator whether everybody who knows the user name may log in."),
            Err(Ending::Verdict(verdict)) => *verdict,
            Err(Ending::Untested(error)) => return Err(error),
        };
        Ok(verdict.with_facts(seen.facts()))
    }
}
