//! One key of a set (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::key_note::KeyFlaw;

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The members of a public key that are read. A certificate (`x5c`) is not.
pub(super) struct Jwk<'a> {
    kty: &'a str,
    pub(super) kid: Option<&'a str>,
    key: &'a Value,
}

impl<'a> Jwk<'a> {
    /// A key of a set.
    ///
    /// # Errors
    /// What is no object with a `kty`, and a `kid` that is no text.
    pub(super) fn of(key: &'a Value) -> Result<Self, KeyFlaw> {
        let kty = key.get("kty").and_then(Value::as_str).ok_or(KeyFlaw::NoKeyType)?;
        let kid = match key.get("kid") {
            None | Some(Value::Null) => None,
            Some(kid) => Some(kid.as_str().ok_or(KeyFlaw::KeyId)?),
        };
        Ok(Self { kty, kid, key })
    }

    /// Returns the algorithm that `alg` names, or else the one of the key's type.
    ///
    /// # Errors
    /// A key that is not for verifying, and one of an algorithm that is not supported.
    pub(super) fn algorithm(&self) -> Result<Algorithm, KeyFlaw> {
        let for_signatures = self.text("use").is_none_or(|usage| usage == "sig");
        let verifies = match self.key.get("key_ops") {
            None | Some(Value::Null) => true,
            Some(ops) => ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify")),
        };
        if !for_signatures || !verifies {
            return Err(KeyFlaw::OtherUse);
        }
        let by_type = match (self.kty, self.text("crv")) {
            ("RSA", _) => Some("RS256"),
            ("EC", Some("P-256")) => Some("ES256"),
            ("OKP", Some("Ed25519")) => Some("EdDSA"),
            _ => None,
        };
        match self.text("alg").or(by_type) {
            Some("RS256") => Ok(Algorithm::RS256),
            Some("ES256") => Ok(Algorithm::ES256),
            // RFC 9864, section 2.2, has a name for the curve.
            Some("EdDSA" | "Ed25519") => Ok(Algorithm::EdDSA),
            _ => Err(KeyFlaw::OtherAlgorithm),
        }
    }

    /// The key of that algorithm.
    ///
    /// # Errors
    /// Members that are missing or do not fit the algorithm, and an RSA key that is too short or too long.
    pub(super) fn key(&self, algorithm: Algorithm) -> Result<DecodingKey, KeyFlaw> {
        match (algorithm, self.kty, self.text("crv")) {
            (Algorithm::RS256, "RSA", _) => self.rsa(),
            (Algorithm::ES256, "EC", Some("P-256")) => {
                let point = [vec![4], self.number("x")?, self.number("y")?].concat();
                Ok(DecodingKey::from_ec_der(&point))
            }
            (Algorithm::EdDSA, "OKP", Some("Ed25519")) => Ok(DecodingKey::from_ed_der(&self.number("x")?)),
            _ => Err(KeyFlaw::Malformed),
        }
    }

    fn rsa(&self) -> Result<DecodingKey, KeyFlaw> {
        let modulus = without_leading_zeros(self.decoded("n")?);
        let exponent = without_leading_zeros(self.decoded("e")?);
        let bits = modulus.first().map_or(0, |top| modulus.len() * 8 - top.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(KeyFlaw::RsaSize);
        }
        // With an exponent of 1 every message would be its own signature; an even exponent is invalid.
        if exponent.len() > 4 || exponent.as_slice() == [1] || exponent.last().is_none_or(|low| low % 2 == 0)
        {
            return Err(KeyFlaw::Malformed);
        }
        Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.key.get(name).and_then(Value::as_str)
    }

    /// A number of 32 bytes.
    fn number(&self, name: &str) -> Result<Vec<u8>, KeyFlaw> {
        Some(self.decoded(name)?).filter(|number| number.len() == 32).ok_or(KeyFlaw::Malformed)
    }

    /// A member in base64url. Padding, and the other alphabet of base64, are read too: some providers write
    /// them, and a key is the same in each.
    fn decoded(&self, name: &str) -> Result<Vec<u8>, KeyFlaw> {
        let text = self.text(name).ok_or(KeyFlaw::Malformed)?;
        let bare = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
        URL_SAFE_NO_PAD.decode(bare).map_err(|_| KeyFlaw::Malformed)
    }
}

fn without_leading_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}
