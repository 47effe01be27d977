//! What an operator is told about a key of a set.

use std::fmt;

/// A note about one key of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNote {
    /// Its place in the set, from 0.
    pub at: usize,
    /// Its `kid`, if it has one, in printable ASCII of at most 128 characters.
    pub kid: Option<String>,
    /// What there is to say.
    pub flaw: KeyFlaw,
}

/// What there is to say about a key of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFlaw {
    /// It is used, though it should not be in the file.
    #[error(
        "holds the private key (`d`): whoever reads the file can sign tokens; publish the public key alone"
    )]
    Private,
    /// It is a secret key, which whoever reads the set knows.
    #[error("is a secret key (`oct`), which must not stand among public keys: its issuer has to replace it")]
    Symmetric,
    /// It is for encryption, or for making signatures.
    #[error("is not for verifying signatures (`use` or `key_ops`)")]
    OtherUse,
    /// It is for an algorithm that is not supported.
    #[error("is for another algorithm than RS256, ES256 and EdDSA (`alg`, or `kty` and `crv`)")]
    OtherAlgorithm,
    /// It has no `kty`, or is no object.
    #[error("has no key type (`kty`)")]
    NoKeyType,
    /// Its `kid` has a form that no token can name.
    #[error("has a `kid` that is not 1 to 255 printable ASCII characters")]
    KeyId,
    /// A key before it has the same `kid` and algorithm.
    #[error("has the `kid` of a key before it")]
    SameKeyId,
    /// It has no `kid` and is not alone.
    #[error("has no `kid`; of several keys each needs one")]
    Nameless,
    /// It is an RSA key of another size.
    #[error("is an RSA key of fewer than 2048 or more than 8192 bit")]
    RsaSize,
    /// Its members are missing or do not fit its type or algorithm.
    #[error(
        "has members that are missing or do not fit its type and algorithm (RSA `n`, `e`; EC `x`, `y`; OKP `x`)"
    )]
    Malformed,
}

impl KeyNote {
    /// Whether the key is used all the same.
    pub fn is_used(&self) -> bool {
        self.flaw == KeyFlaw::Private
    }

    /// Whether sets of providers hold such keys as a matter of course.
    pub fn is_usual(&self) -> bool {
        matches!(self.flaw, KeyFlaw::OtherUse | KeyFlaw::OtherAlgorithm)
    }
}

/// Writes a sentence without its end: which key it is, and what there is to say about it.
impl fmt::Display for KeyNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kid {
            Some(kid) => write!(f, "key `{kid}` {}", self.flaw),
            None => write!(f, "key {} of the set {}", self.at + 1, self.flaw),
        }
    }
}
