//! Opens SSH private keys, within limits on what the check of a passphrase may cost.
//!
//! The reader of submitted keys and the tester both open keys with this crate, so that each of them takes
//! what the other takes: OpenSSH's own format with each of its ciphers, PKCS#1 and SEC 1 with the traditional
//! encryption of OpenSSL, and PKCS#8 with PBES2 and with
//! the Triple DES of PKCS#12.

mod framing;
mod kinds;
mod limits;
mod pkcs12;
mod scalar;
mod traditional;

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Encode};
use pkcs8::pkcs5;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use russh::keys::pkcs8::decode_pkcs8;
use russh::keys::{Error, PrivateKey};
use strongroom_environment::KeyFileRefused;
use zeroize::Zeroizing;

use framing::{Framed, Label};
use kinds::RSA_ENCRYPTION;
use pkcs12::Pkcs12;

/// A private key whose cost is within the limits, not opened yet.
pub struct KeyFile {
    framed: Framed,
    encrypted: bool,
}

impl KeyFile {
    /// Reads what can be read without the passphrase, in almost no time.
    ///
    /// # Errors
    /// `Unreadable`, `Limits`, and, as far as the file tells without its passphrase, `Dsa`, `SecurityKey`,
    /// `Kind` and `Encryption`.
    pub fn read(text: &str) -> Result<Self, KeyFileRefused> {
        let framed = Framed::parse(text)?;
        let encrypted = limits::check(&framed)?;
        Ok(Self { framed, encrypted })
    }

    /// Whether opening needs the passphrase, and may take seconds.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Opens the key. Blocks the thread: the check of a passphrase takes up to 2 seconds on an idle machine.
    /// The passphrase of a key that is not encrypted is ignored.
    ///
    /// # Errors
    /// `PassphraseMissing`, `PassphraseWrong`, and those of [`Self::read`].
    pub fn open(&self, passphrase: Option<&str>) -> Result<PrivateKey, KeyFileRefused> {
        let Framed { label, der, traditional } = &self.framed;
        let passphrase = match passphrase {
            _ if !self.encrypted => "",
            None => return Err(KeyFileRefused::PassphraseMissing),
            Some(passphrase) => passphrase,
        };
        let key = match (label, traditional) {
            (Label::OpenSsh, _) => open_openssh(der, passphrase)?,
            (Label::EncryptedPkcs8, _) => decode(Label::Pkcs8, &decrypt_pkcs8(der, passphrase)?)?,
            (Label::Pkcs1 | Label::Sec1, Some(encryption)) => {
                let plain = encryption.decrypt(der, passphrase).filter(|plain| limits::is_sequence(plain));
                // The form has no check of its own, so other bytes than a key mean another passphrase.
                decode(*label, &plain.ok_or(KeyFileRefused::PassphraseWrong)?).map_err(|refused| {
                    match refused {
                        KeyFileRefused::Unreadable => KeyFileRefused::PassphraseWrong,
                        refused => refused,
                    }
                })?
            }
            (label, _) => decode(*label, der)?,
        };
        limits::check_opened(&key)?;
        Ok(key)
    }
}

fn open_openssh(bytes: &[u8], passphrase: &str) -> Result<PrivateKey, KeyFileRefused> {
    let key = PrivateKey::from_bytes(bytes).map_err(|_| KeyFileRefused::Unreadable)?;
    if !key.is_encrypted() {
        return Ok(key);
    }
    key.decrypt(passphrase).map_err(|error| match error {
        ssh_key::Error::Crypto => KeyFileRefused::PassphraseWrong,
        _ => KeyFileRefused::Unreadable,
    })
}

fn decrypt_pkcs8(der: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, KeyFileRefused> {
    if let Some(key) = Pkcs12::read(der) {
        let plain = key.decrypt(passphrase).filter(|plain| limits::is_sequence(plain));
        return plain.ok_or(KeyFileRefused::PassphraseWrong);
    }
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| KeyFileRefused::Unreadable)?;
    let plain = info.decrypt(passphrase).map_err(|error| match error {
        // A wrong passphrase gives random bytes: mostly wrong padding, sometimes something that is not DER.
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            KeyFileRefused::PassphraseWrong
        }
        pkcs8::Error::EncryptedPrivateKey(_) => KeyFileRefused::Encryption,
        _ => KeyFileRefused::Unreadable,
    })?;
    Ok(Zeroizing::new(plain.as_bytes().to_vec()))
}

/// Decodes DER that is not encrypted, after its size has been checked.
fn decode(label: Label, der: &[u8]) -> Result<PrivateKey, KeyFileRefused> {
    let decoded = match label {
        Label::Pkcs1 => {
            limits::check_rsa(der)?;
            decode_pkcs8(&in_pkcs8(der).map_err(|_| KeyFileRefused::Unreadable)?, None)
        }
        _ => {
            limits::check_pkcs8(der)?;
            let fitted = scalar::fitted(der);
            decode_pkcs8(fitted.as_ref().map_or(der, |fitted| fitted), None)
        }
    };
    decoded.map_err(|error| match error {
        Error::UnknownAlgorithm(_) => KeyFileRefused::Kind,
        _ => KeyFileRefused::Unreadable,
    })
}

/// Puts a key of PKCS#1 into PKCS#8 (RFC 5958, section 2; RFC 8017, appendix A.1).
fn in_pkcs8(pkcs1: &[u8]) -> der::Result<Zeroizing<Vec<u8>>> {
    let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(pkcs1)?).to_der().map(Zeroizing::new)
}
