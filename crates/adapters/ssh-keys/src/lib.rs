//! Opens SSH private keys, within limits on what the check of a passphrase may cost.
//!
//! The reader of submitted keys and the tester both open keys with this crate, so that each of them takes what
//! the other takes.

mod framing;
mod limits;

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5;
use russh::keys::{Error, PrivateKey, decode_secret_key, ssh_key};
use strongroom_environment::KeyFileRefused;
use zeroize::Zeroizing;

use framing::{Framed, Label};

/// A private key whose cost is within the limits, not opened yet.
pub struct KeyFile {
    text: Zeroizing<String>,
    framed: Framed,
    encrypted: bool,
}

impl KeyFile {
    /// Reads what can be read without the passphrase, in almost no time.
    ///
    /// # Errors
    /// `Unreadable` and `Limits`.
    pub fn read(text: &str) -> Result<Self, KeyFileRefused> {
        let framed = Framed::parse(text)?;
        let encrypted = limits::check(&framed)?;
        Ok(Self { text: Zeroizing::new(text.to_owned()), framed, encrypted })
    }

    /// Whether opening needs the passphrase, and may take seconds.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Opens the key. Blocks the thread: the check of a passphrase takes up to 2 seconds on an idle machine.
    /// The passphrase of a key that is not encrypted is ignored.
    ///
    /// # Errors
    /// `PassphraseMissing`, `PassphraseWrong`, `Unreadable` and `Limits`.
    pub fn open(&self, passphrase: Option<&str>) -> Result<PrivateKey, KeyFileRefused> {
        let passphrase = passphrase.filter(|_| self.encrypted);
        let key = match (self.framed.label, passphrase) {
            (Label::EncryptedPkcs8, Some(passphrase)) => open_encrypted_pkcs8(&self.framed, passphrase)?,
            _ => decode_secret_key(&self.text, passphrase)
                .map_err(|error| refusal(&error, self.framed.label, passphrase.is_some()))?,
        };
        limits::check_opened(&key)?;
        Ok(key)
    }
}

/// Decrypts and decodes in two steps, so that the size of an RSA key is checked before it is used.
fn open_encrypted_pkcs8(framed: &Framed, passphrase: &str) -> Result<PrivateKey, KeyFileRefused> {
    let info = EncryptedPrivateKeyInfoRef::try_from(framed.der.as_slice())
        .map_err(|_| KeyFileRefused::Unreadable)?;
    let plain = info.decrypt(passphrase).map_err(|error| match error {
        // A wrong passphrase gives random bytes: mostly wrong padding, sometimes something that is not DER.
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
        // The legacy format has no integrity check, so random bytes are the only sign of a wrong passphrase.
        (Error::Unpad(_) | Error::Pkcs1(_), Label::Pkcs1) if with_passphrase => {
            KeyFileRefused::PassphraseWrong
        }
        _ => KeyFileRefused::Unreadable,
    }
}
