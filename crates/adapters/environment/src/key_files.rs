//! Opens SSH private keys. Their cost is limited before it is incurred.
//!
//! The author of a key chooses how expensive the check of its passphrase is, up to hours and gigabytes. So
//! the parameters are read first, on their own ([`KeyFile::read`]). Only within the limits is a key derived,
//! on a blocking thread and a few keys at a time. Keys that are not encrypted take almost no time to open;
//! they have turns of their own and do not wait for encrypted ones.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::SecretText;
use strongroom_environment::{KeyFileReader, KeyFileRefused};
use strongroom_ssh_keys::KeyFile;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long a key may wait for its turn. When it takes longer, other keys are the cause, not this one.
const TURN_LIMIT: Duration = Duration::from_secs(2);

/// How long opening may take after that. The most expensive key within the limits takes 2 s on an idle
/// machine; a busy or slow machine is not the fault of the key.
const WORK_LIMIT: Duration = Duration::from_secs(10);

/// How many encrypted keys, and how many others, are opened at the same time, unless there are fewer cores.
/// Each may take 64 MiB for scrypt.
const AT_A_TIME: usize = 4;

/// The [`KeyFileReader`] of production. The passphrase of a key that is not encrypted is ignored.
pub struct RusshKeyFiles {
    encrypted: Turns,
    plain: Turns,
}

impl RusshKeyFiles {
    /// Makes a reader with its own limit on how many keys are opened at the same time.
    pub fn new() -> Self {
        // More keys at a time than cores would make each one slower and none earlier.
        let at_a_time = available_parallelism().map_or(1, NonZero::get).min(AT_A_TIME);
        Self { encrypted: Turns::new(at_a_time), plain: Turns::new(at_a_time) }
    }
}

impl Default for RusshKeyFiles {
    fn default() -> Self {
        Self::new()
    }
}

type Opened = Result<(), KeyFileRefused>;

#[async_trait]
impl KeyFileReader for RusshKeyFiles {
    async fn check<'a>(&self, key: &'a SecretText, passphrase: Option<&'a SecretText>) -> Opened {
        let file = KeyFile::read(key.expose())?;
        let encrypted = file.is_encrypted();
        let passphrase = match passphrase.filter(|text| encrypted && !text.is_empty()) {
            None if encrypted => return Err(KeyFileRefused::PassphraseMissing),
            passphrase => passphrase.map(SecretText::duplicate),
        };
        let turns = if encrypted { &self.encrypted } else { &self.plain };
        turns.take(move || file.open(passphrase.as_ref().map(SecretText::expose)).map(drop)).await
    }
}

/// A limit on how many keys are opened at the same time.
struct Turns(Arc<Semaphore>);

impl Turns {
    fn new(at_a_time: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_a_time)))
    }

    /// Opens a key when its turn comes.
    async fn take(&self, open: impl FnOnce() -> Opened + Send + 'static) -> Opened {
        let Ok(Ok(turn)) = timeout(TURN_LIMIT, Arc::clone(&self.0).acquire_owned()).await else {
            return Err(KeyFileRefused::Busy);
        };
        // The turn ends with the work, because a thread cannot be stopped, even when no caller waits for it
        // any more.
        let work = tokio::task::spawn_blocking(move || {
            let opened = open();
            drop(turn);
            opened
        });
        match timeout(WORK_LIMIT, work).await {
            Ok(ended) => ended.unwrap_or(Err(KeyFileRefused::Unreadable)),
            Err(_) => Err(KeyFileRefused::TooSlow),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyFileReader, KeyFileRefused, RusshKeyFiles, SecretText, Turns, WORK_LIMIT};
    use std::path::Path;
    use std::sync::mpsc;
    use std::time::Duration;

    fn key(name: &str) -> SecretText {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/throwaway-keys");
        SecretText::new(std::fs::read_to_string(folder.join(name)).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_gets_no_turn_is_told_to_come_again_and_opens_when_it_does() {
        let reader = RusshKeyFiles { encrypted: Turns::new(1), plain: Turns::new(1) };
        let (key, passphrase) = (key("ed25519-passphrase"), SecretText::new("open sesame".into()));
        let taken = reader.encrypted.0.acquire().await.unwrap();
        assert_eq!(reader.check(&key, Some(&passphrase)).await, Err(KeyFileRefused::Busy));
        drop(taken);
        assert_eq!(reader.check(&key, Some(&passphrase)).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_without_passphrase_waits_for_no_encrypted_one() {
        let reader = RusshKeyFiles { encrypted: Turns::new(1), plain: Turns::new(1) };
        let _taken = reader.encrypted.0.acquire().await.unwrap();
        for name in ["ed25519", "rsa-3072.pem", "rsa-3072-pkcs8.pem"] {
            assert_eq!(reader.check(&key(name), None).await, Ok(()), "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_not_blamed_on_the_parameters_and_keeps_its_turn() {
        let turns = Turns::new(1);
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (finish, finishes) = mpsc::channel::<()>();
        let slow = turns.take(move || {
            begun.send(()).unwrap();
            finishes.recv().ok();
            Ok(())
        });
        let clock = async {
            has_begun.await.unwrap();
            tokio::time::advance(WORK_LIMIT - Duration::from_millis(1)).await;
            assert_eq!(turns.0.available_permits(), 0);
            tokio::time::advance(Duration::from_millis(2)).await;
        };
        assert_eq!(tokio::join!(slow, clock).0, Err(KeyFileRefused::TooSlow));
        assert_eq!(turns.0.available_permits(), 0);
        drop(finish);
        assert_eq!(turns.take(|| Ok(())).await, Ok(()));
    }
}
