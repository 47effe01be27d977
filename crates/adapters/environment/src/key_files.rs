//! Opens SSH private keys, with what that costs bounded before it is spent.
//!
//! Whoever writes a key chooses how dear its passphrase is to check, up to hours and gigabytes. So the
//! parameters are read first, on their own; only within the limits is a key derived, on a blocking
//! thread, a few at a time, for at most 2 seconds.

mod framing;
mod limits;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5;
use russh::keys::{Error, PrivateKey, decode_secret_key, ssh_key};
use strongroom_domain::SecretText;
use strongroom_environment::{KeyFileReader, KeyFileRefused};
use tokio::sync::Semaphore;

use framing::{Framed, Label};

/// How long one check may take, waiting for its turn included.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How many keys are opened at the same time; scrypt may take 64 MiB each.
const AT_A_TIME: usize = 4;

/// The [`KeyFileReader`] of production: what it accepts, [`decode_secret_key`] of `russh` opens. The
/// passphrase of a key that is not encrypted is ignored, and must then not be handed to `russh` either.
pub struct RusshKeyFiles {
    turns: Arc<Semaphore>,
}

impl RusshKeyFiles {
    /// A reader with its own bound on how many keys are opened at the same time.
    pub fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    async fn open_in_turn(&self, open: impl FnOnce() -> Opened + Send + 'static) -> Opened {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| KeyFileRefused::Limits)?;
        // The turn ends with the work: a thread cannot be stopped, even when nobody waits for it any more.
        let work = tokio::task::spawn_blocking(move || {
            let opened = open();
            drop(turn);
            opened
        });
        work.await.unwrap_or(Err(KeyFileRefused::Unreadable))
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
        let framed = Framed::parse(key.expose())?;
        let encrypted = limits::check(&framed)?;
        let passphrase = match passphrase.filter(|text| encrypted && !text.is_empty()) {
            None if encrypted => return Err(KeyFileRefused::PassphraseMissing),
            passphrase => passphrase.map(SecretText::duplicate),
        };
        let text = key.duplicate();
        let opened = self.open_in_turn(move || open(&text, &framed, passphrase.as_ref()));
        tokio::time::timeout(TIME_LIMIT, opened).await.unwrap_or(Err(KeyFileRefused::Limits))
    }
}

fn open(text: &SecretText, framed: &Framed, passphrase: Option<&SecretText>) -> Opened {
    let passphrase = passphrase.map(SecretText::expose);
    let key = match (framed.label, passphrase) {
        (Label::EncryptedPkcs8, Some(passphrase)) => open_encrypted_pkcs8(framed, passphrase)?,
        _ => decode_secret_key(text.expose(), passphrase)
            .map_err(|error| refusal(&error, framed.label, passphrase.is_some()))?,
    };
    limits::check_opened(&key)
}

/// Decrypts and decodes in two steps, so that the RSA key inside is measured before it is computed with.
fn open_encrypted_pkcs8(framed: &Framed, passphrase: &str) -> Result<PrivateKey, KeyFileRefused> {
    let info = EncryptedPrivateKeyInfoRef::try_from(framed.der.as_slice())
        .map_err(|_| KeyFileRefused::Unreadable)?;
    let plain = info.decrypt(passphrase).map_err(|error| match error {
        // A wrong key leaves noise: mostly wrong padding, sometimes something that is not DER.
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            KeyFileRefused::PassphraseWrong
        }
        _ => KeyFileRefused::Unreadable,
    })?;
    limits::check_pkcs8(plain.as_bytes())?;
    russh::keys::pkcs8::decode_pkcs8(plain.as_bytes(), None).map_err(|_| KeyFileRefused::Unreadable)
}

fn refusal(error: &Error, label: Label, with_passphrase: bool) -> KeyFileRefused {
    match (error, label) {
        (Error::KeyIsEncrypted, _) => KeyFileRefused::PassphraseMissing,
        (Error::SshKey(ssh_key::Error::Crypto), Label::OpenSsh) if with_passphrase => {
            KeyFileRefused::PassphraseWrong
        }
        // The legacy format has no integrity check; noise is the only sign of a wrong passphrase.
        (Error::Unpad(_) | Error::Pkcs1(_), Label::Pkcs1) if with_passphrase => {
            KeyFileRefused::PassphraseWrong
        }
        _ => KeyFileRefused::Unreadable,
    }
}
