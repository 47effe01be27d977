//! The encryption of PKCS #12 with SHA-1 and three-key Triple DES (RFC 7292, appendix C), which tools of Java
//! and `openssl pkcs8 -v1 PBE-SHA1-3DES` write, and OpenSSL and OpenSSH open.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use des::TdesEde3;
use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Header, Reader, SliceReader, Tag, Tagged};
use pkcs8::spki::AlgorithmIdentifierRef;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// pbeWithSHAAnd3-KeyTripleDES-CBC
const SHA1_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const KEY_BYTES: usize = 24;
const IV_BYTES: usize = 8;
/// The input block of SHA-1, in bytes.
const BLOCK: usize = 64;
/// What the derived bytes are for (appendix B.3).
const FOR_KEY: u8 = 1;
const FOR_IV: u8 = 2;

/// A private key that is encrypted so.
pub(crate) struct Pkcs12<'a> {
    salt: &'a [u8],
    /// How often each block is hashed.
    pub(crate) iterations: u32,
    encrypted: &'a [u8],
}

impl<'a> Pkcs12<'a> {
    /// Reads an encrypted PKCS #8 key. `None` when it is encrypted in another way.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        Self::parse(der).ok().flatten()
    }

    fn parse(der: &'a [u8]) -> der::Result<Option<Self>> {
        let mut reader = SliceReader::new(der)?;
        Header::decode(&mut reader)?.tag().assert_eq(Tag::Sequence)?;
        let scheme: AlgorithmIdentifierRef<'a> = reader.decode()?;
        let encrypted: &'a OctetStringRef = reader.decode()?;
        reader.finish()?;
        let parameters: AnyRef<'a> = match scheme.parameters {
            Some(parameters) if scheme.oid == SHA1_3DES => parameters,
            _ => return Ok(None),
        };
        parameters.tag().assert_eq(Tag::Sequence)?;
        let mut reader = SliceReader::new(parameters.value())?;
        let salt: &'a OctetStringRef = reader.decode()?;
        let iterations: u32 = reader.decode()?;
        reader.finish()?;
        Ok(Some(Self { salt: salt.as_bytes(), iterations, encrypted: encrypted.as_bytes() }))
    }

    /// Decrypts; `None` when the passphrase is another one, as far as the padding shows.
    pub(crate) fn decrypt(&self, passphrase: &str) -> Option<Zeroizing<Vec<u8>>> {
        let key = self.derive(FOR_KEY, KEY_BYTES, passphrase);
        let iv = self.derive(FOR_IV, IV_BYTES, passphrase);
        let mut buffer = Zeroizing::new(self.encrypted.to_vec());
        let decryptor = cbc::Decryptor::<TdesEde3>::new_from_slices(&key, &iv).ok()?;
        let length = decryptor.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }

    /// Derives bytes for a purpose (appendix B.2).
    fn derive(&self, purpose: u8, bytes: usize, passphrase: &str) -> Zeroizing<Vec<u8>> {
        let wide = wide(passphrase);
        let mut input = Zeroizing::new([repeated(self.salt), repeated(&wide)].concat());
        let mut derived = Zeroizing::new(Vec::with_capacity(bytes + 20));
        while derived.len() < bytes {
            let mut hash =
                Sha1::new().chain_update([purpose; BLOCK]).chain_update(input.as_slice()).finalize();
            for _ in 1..self.iterations {
                hash = Sha1::digest(hash);
            }
            derived.extend_from_slice(&hash);
            let step = Zeroizing::new(hash.iter().copied().cycle().take(BLOCK).collect::<Vec<u8>>());
            for block in input.chunks_mut(BLOCK) {
                add(block, &step);
            }
        }
        derived.truncate(bytes);
        derived
    }
}

/// A passphrase in UTF-16 with a zero at its end (appendix B.1).
fn wide(passphrase: &str) -> Zeroizing<Vec<u8>> {
    let mut wide = Zeroizing::new(Vec::with_capacity(2 * passphrase.len() + 2));
    for unit in passphrase.encode_utf16().chain([0]) {
        wide.extend_from_slice(&unit.to_be_bytes());
    }
    wide
}

/// Bytes, repeated until they fill whole blocks.
fn repeated(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().cycle().take(bytes.len().next_multiple_of(BLOCK)).collect()
}

/// Adds `step` and one to a block, both read as numbers of its size.
fn add(block: &mut [u8], step: &[u8]) {
    let mut carry = 1;
    for (byte, step) in block.iter_mut().zip(step).rev() {
        let sum = u16::from(*byte) + u16::from(*step) + carry;
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}
