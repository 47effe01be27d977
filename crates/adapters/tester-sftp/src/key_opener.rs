use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use strongroom_domain::{SecretText, TestCode};
use strongroom_environment::KeyFileRefused;
use strongroom_provider_tester::Verdict;
use strongroom_ssh_keys::KeyFile;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::ending::Ending;

/// How long opening a key may take, with the wait for its turn. It leaves enough time to connect. The cost of
/// the passphrase check was limited when the key was submitted.
const TIME_LIMIT: Duration = Duration::from_secs(4);
/// How many encrypted keys are opened at the same time.
const AT_A_TIME: usize = 2;

/// Opens private keys on threads of their own, because that may take long by design. Clones share the turns.
#[derive(Clone)]
pub(crate) struct KeyOpener {
    turns: Arc<Semaphore>,
}

impl KeyOpener {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// Opens a key, with its passphrase when it needs one.
    ///
    /// # Errors
    /// `invalid_config` when the key cannot be opened, `timeout` when there was not enough time.
    pub(crate) async fn open(
        &self,
        text: SecretText,
        passphrase: Option<SecretText>,
    ) -> Result<PrivateKey, Ending> {
        let opening = self.open_in_turn(text, passphrase);
        let opened = timeout(TIME_LIMIT, opening).await.map_err(|_| too_late())?;
        opened.map_err(|refused| {
            let verdict = Verdict::of(TestCode::InvalidConfig).saying(format!("The private key {refused}."));
            verdict.advising("Check that the key is whole, and its passphrase.").into()
        })
    }

    async fn open_in_turn(
        &self,
        text: SecretText,
        passphrase: Option<SecretText>,
    ) -> Result<PrivateKey, KeyFileRefused> {
        let file = KeyFile::read(text.expose())?;
        // A key that is not encrypted costs almost nothing, so it waits for no turn.
        let turn = match file.is_encrypted() {
            true => Some(Arc::clone(&self.turns).acquire_owned().await.map_err(|_| KeyFileRefused::Busy)?),
            false => None,
        };
        let passphrase = passphrase.filter(|passphrase| !passphrase.is_empty());
        // The turn ends with the work, which goes on even when the test is dropped.
        let opening = spawn_blocking(move || {
            let opened = file.open(passphrase.as_ref().map(SecretText::expose));
            drop(turn);
            opened
        });
        opening.await.unwrap_or(Err(KeyFileRefused::Unreadable))
    }
}

fn too_late() -> Ending {
    Verdict::of(TestCode::Timeout)
        .saying("The private key could not be opened in time.")
        .advising("Try again later; other keys may be being opened, or this one has many rounds.")
        .into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{Ending, KeyOpener, PrivateKey, SecretText, TestCode};

    /// A new key.
    fn key(folder: &Path, passphrase: &str) -> SecretText {
        let file = folder.join(format!("key-{}", passphrase.len()));
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(&file).stdin(Stdio::null());
        assert!(command.status().unwrap().success());
        SecretText::new(std::fs::read_to_string(file).unwrap())
    }

    fn found(opened: Result<PrivateKey, Ending>) -> TestCode {
        match opened {
            Ok(_) => TestCode::Ok,
            Err(Ending::Verdict(verdict)) => verdict.code,
            Err(Ending::Untested(error)) => panic!("{error:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_gets_no_turn_is_a_timeout_and_no_wrong_setting() {
        let folder = tempfile::tempdir().unwrap();
        let (opener, key) = (KeyOpener::new(), key(folder.path(), "passphrase"));
        let open = |passphrase: &str| {
            let passphrase = SecretText::new(passphrase.to_owned());
            opener.open(key.duplicate(), Some(passphrase))
        };
        let taken = opener.turns.acquire_many(2).await.unwrap();
        assert_eq!(found(open("passphrase").await), TestCode::Timeout);
        drop(taken);
        assert_eq!(found(open("passphrase").await), TestCode::Ok);
        assert_eq!(found(open("another").await), TestCode::InvalidConfig);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_without_passphrase_takes_no_turn() {
        let folder = tempfile::tempdir().unwrap();
        let opener = KeyOpener::new();
        let _taken = opener.turns.acquire_many(2).await.unwrap();
        let needless = Some(SecretText::new("passphrase".to_owned()));
        for passphrase in [None, needless] {
            assert_eq!(found(opener.open(key(folder.path(), ""), passphrase).await), TestCode::Ok);
            std::fs::remove_file(folder.path().join("key-0")).unwrap();
        }
    }
}
