//! The kinds of keys that clients can sign with, told from the others without opening a key.

use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use ssh_key::Cipher;
use strongroom_environment::KeyFileRefused;

pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");

/// Checks the algorithm that a PKCS#8 key names.
pub(crate) fn check_pkcs8(info: &PrivateKeyInfoRef<'_>) -> Result<(), KeyFileRefused> {
    match info.algorithm.oid {
        RSA_ENCRYPTION | EC_PUBLIC_KEY | ED25519 => Ok(()),
        DSA => Err(KeyFileRefused::Dsa),
        _ => Err(KeyFileRefused::Kind),
    }
}

/// Checks the cipher and the algorithm that a key in OpenSSH's format names (its `PROTOCOL.key`, section 1).
pub(crate) fn check_openssh(bytes: &[u8]) -> Result<(), KeyFileRefused> {
    let (cipher, algorithm) = openssh_names(bytes).ok_or(KeyFileRefused::Unreadable)?;
    if cipher.parse::<Cipher>().is_err() {
        return Err(KeyFileRefused::Encryption);
    }
    match algorithm {
        "ssh-ed25519" | "ssh-rsa" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
            Ok(())
        }
        "ssh-dss" => Err(KeyFileRefused::Dsa),
        name if name.starts_with("sk-") => Err(KeyFileRefused::SecurityKey),
        _ => Err(KeyFileRefused::Kind),
    }
}

fn openssh_names(bytes: &[u8]) -> Option<(&str, &str)> {
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let cipher = string(&mut rest)?;
    let (_kdf, _options) = (string(&mut rest)?, string(&mut rest)?);
    let (_keys, mut rest) = rest.split_first_chunk::<4>()?;
    let mut public_key = string(&mut rest)?;
    let algorithm = string(&mut public_key)?;
    Some((str::from_utf8(cipher).ok()?, str::from_utf8(algorithm).ok()?))
}

/// Takes a string of the SSH protocol: its length in four bytes, and its bytes (RFC 4251, section 5).
fn string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (taken, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(taken)
}
