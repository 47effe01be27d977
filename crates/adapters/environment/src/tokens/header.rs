//! The JOSE header (RFC 7515, section 4). Only the members that decide the verification are read.

use jsonwebtoken::Algorithm;
use strongroom_environment::{TokenRefusal, TokenRefused};

use super::members::{Members, about};

/// The header of a token. `jku`, `x5u`, `jwk` and `x5c` are not read at all, because keys come from the
/// settings.
pub(super) struct Header(Members);

/// The longest `kid`, in characters.
const MAX_KEY_ID: usize = 255;

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenRefusal> {
        Members::parse(json).map(Self)
    }

    /// Returns the id of the key, and refuses one that no key can have.
    pub(super) fn key_id(&self) -> Result<Option<&str>, TokenRefusal> {
        match self.0.string("kid", TokenRefused::Key)? {
            Some(kid) if !is_key_id(kid) => Err(about(TokenRefused::Key, kid)),
            kid => Ok(kid),
        }
    }

    /// The algorithm that it names, of those that are supported.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        let named = self.0.get("alg")?.as_str()?;
        let known = [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
        known.into_iter().find(|algorithm| is_named(*algorithm, named))
    }

    /// Refuses every algorithm except the key's, types other than access tokens, and critical extensions.
    pub(super) fn check(&self, algorithm: Algorithm) -> Result<(), TokenRefusal> {
        let alg = self.0.string("alg", TokenRefused::Algorithm)?.unwrap_or_default();
        if !is_named(algorithm, alg) {
            return Err(about(TokenRefused::Algorithm, alg));
        }
        let typ = self.0.string("typ", TokenRefused::Header)?;
        let is_known = |typ: &str| TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known));
        if typ.is_some_and(|typ| !is_known(typ)) {
            return Err(about(TokenRefused::Header, "typ"));
        }
        match ["crit", "b64"].into_iter().find(|name| self.0.contains(name)) {
            Some(name) => Err(about(TokenRefused::Header, name)),
            None => Ok(()),
        }
    }
}

/// The types of an access token: RFC 7519, section 5.1, and RFC 9068, section 2.1, in either form of a media
/// type.
const TYPES: [&str; 4] = ["JWT", "at+jwt", "application/jwt", "application/at+jwt"];

/// Whether a text is 1 to 255 printable ASCII characters, without a space at either end. RFC 7517, section
/// 4.5, leaves the form open: providers send hashes in base64 with `+`, `/` and `=`, URLs, numbers and names.
/// It is compared with the ids of the issuer's keys and used for nothing else.
pub(super) fn is_key_id(text: &str) -> bool {
    (1..=MAX_KEY_ID).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b' '..=b'~'))
        && text.trim() == text
}

/// Whether a text is 1 to 128 characters of `[A-Za-z0-9._:-]`, which excludes paths, queries and quotes. A
/// shared secret has no id, so a token may name any plain one.
pub(super) fn is_plain_key_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether an algorithm has this name in RFC 7518, RFC 8037 or RFC 9864. An algorithm that is not supported
/// has none.
fn is_named(algorithm: Algorithm, name: &str) -> bool {
    match algorithm {
        Algorithm::HS256 => name == "HS256",
        Algorithm::RS256 => name == "RS256",
        Algorithm::ES256 => name == "ES256",
        Algorithm::EdDSA => name == "EdDSA" || name == "Ed25519",
        _ => false,
    }
}
