//! The JOSE header (RFC 7515, section 4). Only the members that decide the verification are read.

use jsonwebtoken::Algorithm;
use strongroom_environment::TokenRefused;

use super::members::Members;

/// The header of a token. `jku`, `x5u`, `jwk` and `x5c` are not read at all, because keys come from the
/// settings.
pub(super) struct Header(Members);

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenRefused> {
        Members::parse(json).map(Self)
    }

    /// Returns the id of the key, and refuses one that no key can have.
    pub(super) fn key_id(&self) -> Result<Option<&str>, TokenRefused> {
        match self.0.string("kid", TokenRefused::Key)? {
            Some(kid) if !is_key_id(kid) => Err(TokenRefused::Key),
            kid => Ok(kid),
        }
    }

    /// Refuses every algorithm except the key's, types other than access tokens, and critical extensions.
    pub(super) fn check(&self, algorithm: Algorithm) -> Result<(), TokenRefused> {
        let alg = self.0.string("alg", TokenRefused::Algorithm)?;
        let typed = self
            .0
            .string("typ", TokenRefused::Algorithm)?
            .is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("at+jwt"));
        let extended = self.0.contains("crit") || self.0.contains("b64");
        if alg.is_none() || alg != algorithm_name(algorithm) || !typed || extended {
            return Err(TokenRefused::Algorithm);
        }
        Ok(())
    }
}

/// Whether a text is 1 to 128 characters of `[A-Za-z0-9._:-]`, which excludes paths, queries and quotes.
pub(super) fn is_key_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// The name of an algorithm in RFC 7518 and RFC 8037. An algorithm that is not supported has none.
fn algorithm_name(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::HS256 => Some("HS256"),
        Algorithm::RS256 => Some("RS256"),
        Algorithm::ES256 => Some("ES256"),
        Algorithm::EdDSA => Some("EdDSA"),
        _ => None,
    }
}
