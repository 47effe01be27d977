//! The keys of an issuer, each with the one algorithm that it verifies.
//!
//! A key of a set that cannot be used is passed over and the others are used, as RFC 7517, section 5, asks.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use strongroom_environment::TokenRefusal;
use strongroom_environment::TokenRefused;

use super::header::{is_key_id, is_plain_key_id};
use super::jwk::Jwk;
use super::key_note::{KeyFlaw, KeyNote};
use super::members::{Members, about, printable};
use super::secrets::check_secret;
use super::settings::{IssuerKeys, TokenSettingsProblem};

const MAX_JWKS_BYTES: usize = 64 * 1024;

/// A key and its algorithm.
pub(super) struct VerificationKey {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// All keys of one issuer.
pub(super) enum KeySet {
    /// The secret of an issuer that shares one.
    Secret(VerificationKey),
    /// Public keys.
    Public(Vec<VerificationKey>),
}

impl KeySet {
    /// Reads the keys of the settings. The notes are about keys of a set that are not used, or that should
    /// not be there.
    pub(super) fn new(keys: &IssuerKeys) -> Result<(Self, Vec<KeyNote>), TokenSettingsProblem> {
        match keys {
            IssuerKeys::Secret(secret) => {
                check_secret(secret)?;
                let key = DecodingKey::from_secret(secret);
                let key = VerificationKey { kid: None, algorithm: Algorithm::HS256, key };
                Ok((Self::Secret(key), Vec::new()))
            }
            IssuerKeys::Jwks(json) => Self::from_jwks(json),
        }
    }

    /// Returns the key that a token names. A token that names none gets the only key. A key without an id is
    /// always the only one, and is used whatever id the token names. Of several keys with one id, which
    /// differ in their algorithms, it is the one of the token's `alg`, else the first.
    pub(super) fn find(
        &self,
        kid: Option<&str>,
        alg: Option<Algorithm>,
    ) -> Result<&VerificationKey, TokenRefusal> {
        let keys = match self {
            Self::Secret(only) if kid.is_none_or(is_plain_key_id) => return Ok(only),
            Self::Secret(_) => [].as_slice(),
            Self::Public(keys) => keys,
        };
        let found = match (keys, kid) {
            ([only], _) if only.kid.is_none() => Some(only),
            ([only], None) => Some(only),
            (keys, Some(kid)) => {
                let mut named = keys.iter().filter(|key| key.kid.as_deref() == Some(kid));
                let first = named.clone().next();
                named.find(|key| Some(key.algorithm) == alg).or(first)
            }
            (_, None) => None,
        };
        found.ok_or_else(|| match kid {
            Some(kid) => about(TokenRefused::Key, kid),
            None => about(TokenRefused::Key, "(none)"),
        })
    }

    fn from_jwks(json: &str) -> Result<(Self, Vec<KeyNote>), TokenSettingsProblem> {
        if json.len() > MAX_JWKS_BYTES {
            return Err(TokenSettingsProblem::MalformedJwks);
        }
        let set = Members::parse(json.trim_start_matches('\u{feff}').as_bytes());
        let set = set.map_err(|_| TokenSettingsProblem::MalformedJwks)?;
        let listed = set.get("keys").and_then(Value::as_array).ok_or(TokenSettingsProblem::MalformedJwks)?;
        let mut reading = Reading::default();
        for (at, key) in listed.iter().enumerate() {
            reading.read(at, key);
        }
        reading.finish()
    }
}

/// A set while it is read.
#[derive(Default)]
struct Reading {
    keys: Vec<(usize, VerificationKey)>,
    notes: Vec<KeyNote>,
}

impl Reading {
    fn read(&mut self, at: usize, key: &Value) {
        let kid = key.get("kid").and_then(Value::as_str);
        let note = |flaw| KeyNote { at, kid: kid.map(|kid| printable(kid, 128)), flaw };
        match self.usable(key) {
            Ok(usable) => {
                if key.get("d").is_some() {
                    self.notes.push(note(KeyFlaw::Private));
                }
                self.keys.push((at, usable));
            }
            Err(flaw) => self.notes.push(note(flaw)),
        }
    }

    fn usable(&self, key: &Value) -> Result<VerificationKey, KeyFlaw> {
        // A secret among public keys never verifies anything: everybody who reads the set knows it.
        if key.get("kty").and_then(Value::as_str) == Some("oct") {
            return Err(KeyFlaw::Symmetric);
        }
        let jwk = Jwk::of(key)?;
        let algorithm = jwk.algorithm()?;
        if jwk.kid.is_some_and(|kid| !is_key_id(kid)) {
            return Err(KeyFlaw::KeyId);
        }
        let is_taken = |known: &VerificationKey| {
            known.kid.is_some() && known.kid.as_deref() == jwk.kid && known.algorithm == algorithm
        };
        if self.keys.iter().any(|(_, known)| is_taken(known)) {
            return Err(KeyFlaw::SameKeyId);
        }
        Ok(VerificationKey { kid: jwk.kid.map(str::to_owned), algorithm, key: jwk.key(algorithm)? })
    }

    /// Of several keys those without an id are not used: no token can tell which it means.
    fn finish(mut self) -> Result<(KeySet, Vec<KeyNote>), TokenSettingsProblem> {
        if self.keys.len() > 1 {
            let nameless = self.keys.extract_if(.., |(_, key)| key.kid.is_none());
            self.notes.extend(nameless.map(|(at, _)| KeyNote { at, kid: None, flaw: KeyFlaw::Nameless }));
            self.notes.sort_by_key(|note| note.at);
        }
        let keys: Vec<VerificationKey> = self.keys.into_iter().map(|(_, key)| key).collect();
        match keys.is_empty() {
            true => Err(TokenSettingsProblem::NoKey(self.notes)),
            false => Ok((KeySet::Public(keys), self.notes)),
        }
    }
}
