//! The keys of an issuer, each with the one algorithm that it verifies.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use super::header::is_key_id;
use super::secrets::check_secret;
use super::settings::{IssuerKeys, TokenSettingsProblem};

const MAX_JWKS_BYTES: usize = 64 * 1024;
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A key and its algorithm.
pub(super) struct VerificationKey {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// All keys of one issuer.
pub(super) struct KeySet(Vec<VerificationKey>);

impl KeySet {
    /// Reads the keys of the settings.
    pub(super) fn new(keys: &IssuerKeys) -> Result<Self, TokenSettingsProblem> {
        match keys {
            IssuerKeys::Secret(secret) => {
                check_secret(secret)?;
                let key = DecodingKey::from_secret(secret);
                Ok(Self(vec![VerificationKey { kid: None, algorithm: Algorithm::HS256, key }]))
            }
            IssuerKeys::Jwks(json) => Self::from_jwks(json),
        }
    }

    /// Returns the key that a token names. A token that names none gets the only key. A key without an id is
    /// always the only one, and is used whatever id the token names.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&VerificationKey> {
        match (self.0.as_slice(), kid) {
            ([only], _) if only.kid.is_none() => Some(only),
            ([only], None) => Some(only),
            (keys, Some(kid)) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
            (_, None) => None,
        }
    }

    fn from_jwks(json: &str) -> Result<Self, TokenSettingsProblem> {
        if json.len() > MAX_JWKS_BYTES {
            return Err(TokenSettingsProblem::MalformedJwks);
        }
        let set: Jwks = serde_json::from_str(json).map_err(|_| TokenSettingsProblem::MalformedJwks)?;
        if set.keys.iter().any(|jwk| jwk.kty == "oct") {
            return Err(TokenSettingsProblem::SymmetricKey);
        }
        let mut keys = Vec::new();
        let mut ids = BTreeSet::new();
        for jwk in &set.keys {
            let Some(algorithm) = jwk.algorithm() else { continue };
            if jwk.kid.as_deref().is_some_and(|kid| !is_key_id(kid)) {
                return Err(TokenSettingsProblem::KeyId);
            }
            if jwk.kid.as_ref().is_some_and(|kid| !ids.insert(kid.clone())) {
                return Err(TokenSettingsProblem::DuplicateKeyId);
            }
            keys.push(VerificationKey { kid: jwk.kid.clone(), algorithm, key: jwk.key(algorithm)? });
        }
        if keys.len() > 1 {
            keys.retain(|key| key.kid.is_some());
        }
        if keys.is_empty() { Err(TokenSettingsProblem::NoKey) } else { Ok(Self(keys)) }
    }
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    /// Returns the algorithm that `alg` names, or else the one of the key's type. Returns `None` when the key
    /// is not for verifying, or when the algorithm is not supported.
    fn algorithm(&self) -> Option<Algorithm> {
        let verifies = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let name = self.alg.as_deref().or(match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Some("RS256"),
            ("EC", Some("P-256")) => Some("ES256"),
            ("OKP", Some("Ed25519")) => Some("EdDSA"),
            _ => None,
        });
        match name {
            Some("RS256") if verifies => Some(Algorithm::RS256),
            Some("ES256") if verifies => Some(Algorithm::ES256),
            Some("EdDSA") if verifies => Some(Algorithm::EdDSA),
            _ => None,
        }
    }

    fn key(&self, algorithm: Algorithm) -> Result<DecodingKey, TokenSettingsProblem> {
        match (algorithm, self.kty.as_str(), self.crv.as_deref()) {
            (Algorithm::RS256, "RSA", _) => self.rsa(),
            (Algorithm::ES256, "EC", Some("P-256")) => {
                let point = [vec![4], number(&self.x, 32)?, number(&self.y, 32)?].concat();
                Ok(DecodingKey::from_ec_der(&point))
            }
            (Algorithm::EdDSA, "OKP", Some("Ed25519")) => Ok(DecodingKey::from_ed_der(&number(&self.x, 32)?)),
            _ => Err(TokenSettingsProblem::MalformedKey),
        }
    }

    fn rsa(&self) -> Result<DecodingKey, TokenSettingsProblem> {
        let modulus = without_leading_zeros(decode(&self.n)?);
        let exponent = without_leading_zeros(decode(&self.e)?);
        let bits = modulus.first().map_or(0, |top| modulus.len() * 8 - top.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(TokenSettingsProblem::RsaSize);
        }
        // With an exponent of 1 every message would be its own signature; an even exponent is invalid.
        if exponent.len() > 4 || exponent.as_slice() == [1] || exponent.last().is_none_or(|low| low % 2 == 0)
        {
            return Err(TokenSettingsProblem::MalformedKey);
        }
        Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
    }
}

fn decode(parameter: &Option<String>) -> Result<Vec<u8>, TokenSettingsProblem> {
    let text = parameter.as_deref().ok_or(TokenSettingsProblem::MalformedKey)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenSettingsProblem::MalformedKey)
}

fn number(parameter: &Option<String>, bytes: usize) -> Result<Vec<u8>, TokenSettingsProblem> {
    Some(decode(parameter)?).filter(|number| number.len() == bytes).ok_or(TokenSettingsProblem::MalformedKey)
}

fn without_leading_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}
