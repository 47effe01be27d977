//! Limits on what a key may cost, checked on its parameters before anything is computed.

use std::ops::RangeInclusive;

use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::asn1::UintRef;
use pkcs8::der::{self, Decode, Header, Reader, SliceReader, Tag};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use russh::keys::PrivateKey;
use ssh_key::private::KeypairData;
use strongroom_environment::KeyFileRefused;

use crate::framing::{Framed, Label};
use crate::kinds::{self, RSA_ENCRYPTION};
use crate::pkcs12::Pkcs12;

/// The rounds of bcrypt. `ssh-keygen` writes 16 or 24.
const BCRYPT_ROUNDS: RangeInclusive<u32> = 1..=256;
const MAX_PBKDF2_ITERATIONS: u32 = 5_000_000;
/// Three blocks are derived, each by so many rounds of SHA-1.
const MAX_PKCS12_ITERATIONS: u32 = 2_000_000;
/// The memory of scrypt: 128·N·r bytes (RFC 7914, section 2).
const MAX_SCRYPT_BYTES: u64 = 64 * 1024 * 1024;
/// The parallelism p of scrypt: the memory is filled p times, one after the other. Common tools write 1.
const MAX_SCRYPT_PARALLELISM: u16 = 8;
const RSA_BITS: RangeInclusive<usize> = 2048..=16384;
/// The largest key with the traditional encryption, in bytes. An RSA key of 16384 bits has 9.3 KiB.
const MAX_TRADITIONAL_BYTES: usize = 10 * 1024;

/// Checks what can be read without the passphrase, and returns whether one is needed.
pub(crate) fn check(framed: &Framed) -> Result<bool, KeyFileRefused> {
    match framed.label {
        Label::OpenSsh => check_openssh(&framed.der),
        Label::Pkcs1 | Label::Sec1 if framed.traditional.is_some() => {
            within(framed.der.len() <= MAX_TRADITIONAL_BYTES).map(|()| true)
        }
        Label::Pkcs1 => check_rsa(&framed.der).map(|()| false),
        Label::Sec1 | Label::Pkcs8 => check_pkcs8(&framed.der).map(|()| false),
        Label::EncryptedPkcs8 => check_encrypted_pkcs8(&framed.der).map(|()| true),
    }
}

/// Checks an unencrypted PKCS#8 or SEC 1 key. Only RSA keys can have an excessive size.
pub(crate) fn check_pkcs8(der: &[u8]) -> Result<(), KeyFileRefused> {
    let Ok(info) = PrivateKeyInfoRef::try_from(der) else { return Ok(()) };
    kinds::check_pkcs8(&info)?;
    match info.algorithm.oid {
        RSA_ENCRYPTION => check_rsa(info.private_key.as_bytes()),
        _ => Ok(()),
    }
}

/// Checks the opened key, and that clients can sign with its kind: DSA is refused because servers no longer
/// accept it, and so is the handle of a security key, which signs only beside the device.
pub(crate) fn check_opened(key: &PrivateKey) -> Result<(), KeyFileRefused> {
    match key.key_data() {
        KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) => Ok(()),
        KeypairData::Rsa(pair) => {
            let (public, private) = (pair.public(), pair.private());
            let length = public.n().as_bytes().len();
            let parts = [public.e(), private.d(), private.p(), private.q(), private.iqmp()];
            check_rsa_bits(public.key_size() as usize)?;
            within(parts.iter().all(|part| part.as_bytes().len() <= length))
        }
        KeypairData::SkEd25519(_) | KeypairData::SkEcdsaSha2NistP256(_) => Err(KeyFileRefused::SecurityKey),
        KeypairData::Dsa(_) => Err(KeyFileRefused::Dsa),
        _ => Err(KeyFileRefused::Kind),
    }
}

fn check_openssh(bytes: &[u8]) -> Result<bool, KeyFileRefused> {
    kinds::check_openssh(bytes)?;
    let key = PrivateKey::from_bytes(bytes).map_err(|_| KeyFileRefused::Unreadable)?;
    match key.kdf() {
        _ if !key.is_encrypted() => Ok(false),
        ssh_key::Kdf::Bcrypt { rounds, .. } => within(BCRYPT_ROUNDS.contains(rounds)).map(|()| true),
        _ => Err(KeyFileRefused::Unreadable),
    }
}

fn check_encrypted_pkcs8(der: &[u8]) -> Result<(), KeyFileRefused> {
    if let Some(key) = Pkcs12::read(der) {
        return within(key.iterations <= MAX_PKCS12_ITERATIONS);
    }
    let Ok(info) = EncryptedPrivateKeyInfoRef::try_from(der) else {
        // Of schemes that are not known, only the frame can be read (RFC 5958, section 3).
        let framed = names_a_scheme(der).is_ok();
        return Err(if framed { KeyFileRefused::Encryption } else { KeyFileRefused::Unreadable });
    };
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(KeyFileRefused::Encryption);
    };
    match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) => within(pbkdf2.iteration_count <= MAX_PBKDF2_ITERATIONS),
        Kdf::Scrypt(scrypt) => {
            let memory = scrypt.cost_parameter.saturating_mul(128 * u64::from(scrypt.block_size));
            within(memory <= MAX_SCRYPT_BYTES && scrypt.parallelization <= MAX_SCRYPT_PARALLELISM)
        }
        _ => Err(KeyFileRefused::Unreadable),
    }
}

fn names_a_scheme(der: &[u8]) -> der::Result<()> {
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?.tag().assert_eq(Tag::Sequence)?;
    let _scheme: AlgorithmIdentifierRef<'_> = reader.decode()?;
    let _encrypted: &OctetStringRef = reader.decode()?;
    reader.finish()
}

/// Whether bytes are one DER sequence and nothing more.
pub(crate) fn is_sequence(der: &[u8]) -> bool {
    let whole = |mut reader: SliceReader<'_>| {
        let header = Header::decode(&mut reader)?;
        header.tag().assert_eq(Tag::Sequence)?;
        Ok::<_, der::Error>(header.length() == reader.remaining_len())
    };
    SliceReader::new(der).and_then(whole).unwrap_or(false)
}

/// Checks the numbers of a PKCS#1 key (RFC 8017, appendix A.1.2). None may be longer than the modulus.
pub(crate) fn check_rsa(der: &[u8]) -> Result<(), KeyFileRefused> {
    let lengths = rsa_numbers(der).map_err(|_| KeyFileRefused::Unreadable)?;
    let modulus = lengths.first().copied().unwrap_or_default();
    check_rsa_bits(modulus)?;
    within(lengths.iter().all(|bits| *bits <= modulus))
}

fn check_rsa_bits(bits: usize) -> Result<(), KeyFileRefused> {
    if RSA_BITS.contains(&bits) { Ok(()) } else { Err(KeyFileRefused::RsaBits) }
}

/// The lengths in bits of the modulus, the exponents, the primes and the other numbers.
fn rsa_numbers(der: &[u8]) -> der::Result<Vec<usize>> {
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?.tag().assert_eq(Tag::Sequence)?;
    let _version: u8 = reader.decode()?;
    let mut lengths = Vec::new();
    while !reader.is_finished() {
        let number: UintRef<'_> = reader.decode()?;
        let bytes = number.as_bytes();
        lengths.push(bytes.first().map_or(0, |top| bytes.len() * 8 - top.leading_zeros() as usize));
    }
    Ok(lengths)
}

fn within(limits: bool) -> Result<(), KeyFileRefused> {
    if limits { Ok(()) } else { Err(KeyFileRefused::Limits) }
}
