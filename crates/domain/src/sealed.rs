//! The form in which the store keeps a secret: bytes that only the vault can open.

use std::fmt;

/// Names a key that encrypts other keys (KEK). A root key, from the operator's key ring, has the first 8
/// bytes of SHA-256 over a label and the key as its id. A key of an organisation has 8 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId(pub [u8; 8]);

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Names a purpose key, which API keys and audit rows refer to instead of a KEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PurposeKeyId(pub uuid::Uuid);

/// A sealed payload. The envelope is opaque to everything but the vault that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The KEK that wraps the data key: a key of the organisation, or in format 1 a root key. It is a column
    /// of its own, so that re-wrapping can find its rows.
    pub kek_id: KekId,
    /// Format, algorithm, KEK id, wrapped data key, nonces, ciphertext and tag.
    pub envelope: Vec<u8>,
}
