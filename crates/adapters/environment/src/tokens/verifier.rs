//! Verifies the tokens of all configured issuers.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_domain::Issuer;
use strongroom_environment::{TokenRefusal, TokenRefused, TokenVerifier, VerifiedToken};
use time::OffsetDateTime;

use super::admission::Admission;
use super::claims::Claims;
use super::header::Header;
use super::jwks::{KeySet, VerificationKey};
use super::key_note::KeyNote;
use super::members::about;
use super::ring_provider;
use super::settings::{IssuerKeys, IssuerSettings, TokenSettingsError, TokenSettingsProblem};

const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What there is to say about the keys of a JWKS.
///
/// # Errors
/// What is wrong with the set as a whole.
pub fn check_jwks(jwks: String) -> Result<Vec<KeyNote>, TokenSettingsProblem> {
    KeySet::new(&IssuerKeys::Jwks(jwks)).map(|(_, notes)| notes)
}

/// The [`TokenVerifier`] of production.
pub struct JwtVerifier {
    by_iss: BTreeMap<String, KnownIssuer>,
}

struct KnownIssuer {
    keys: RwLock<Arc<KeySet>>,
    admission: Admission,
}

impl JwtVerifier {
    /// Checks the settings of all issuers. When there are none, every token is refused.
    pub fn new(issuers: Vec<IssuerSettings>) -> Result<Self, TokenSettingsError> {
        ring_provider::install();
        let mut by_iss = BTreeMap::new();
        for settings in issuers {
            let failed = |problem| TokenSettingsError { issuer: settings.name.clone(), problem };
            let iss = Issuer::parse(&settings.issuer).map_err(|_| failed(TokenSettingsProblem::Issuer))?;
            if settings.rules.audience.is_empty() {
                return Err(failed(TokenSettingsProblem::Audience));
            }
            let (keys, _) = KeySet::new(&settings.keys).map_err(failed)?;
            if by_iss.contains_key(&settings.issuer) {
                return Err(failed(TokenSettingsProblem::DuplicateIssuer));
            }
            let IssuerSettings { name, issuer, rules, .. } = settings;
            let is_local = matches!(keys, KeySet::Secret(_));
            let keys = RwLock::new(Arc::new(keys));
            let admission = Admission { name, iss, rules, is_local };
            by_iss.insert(issuer, KnownIssuer { keys, admission });
        }
        Ok(Self { by_iss })
    }

    /// Replaces the keys of an issuer by those of a JWKS. Tokens of keys that are not in it are refused from
    /// then on. Returns what there is to say about keys of the set.
    ///
    /// # Errors
    /// What is wrong with the JWKS; the keys before stay.
    pub fn replace_keys(&self, issuer: &str, jwks: String) -> Result<Vec<KeyNote>, TokenSettingsError> {
        let failed = |problem| TokenSettingsError { issuer: issuer.to_owned(), problem };
        let (keys, notes) = KeySet::new(&IssuerKeys::Jwks(jwks)).map_err(failed)?;
        if let Some(known) = self.by_iss.values().find(|known| known.admission.name == issuer) {
            *known.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
        Ok(notes)
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefusal> {
        let parts = Parts::split(token)?;
        let claims = Claims::parse(&parts.payload)?;
        // Nothing is trusted yet: `iss` only selects the keys to verify with.
        let iss = claims.required("iss")?;
        let issuer = self.by_iss.get(iss).ok_or_else(|| about(TokenRefused::Issuer, iss))?;
        let named = |refusal| TokenRefusal { issuer: Some(issuer.admission.name.clone()), ..refusal };
        issuer.verify(&parts, &claims, now).map_err(named)
    }
}

impl KnownIssuer {
    fn verify(
        &self,
        parts: &Parts<'_>,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<VerifiedToken, TokenRefusal> {
        let header = Header::parse(&parts.header)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let key = keys.find(header.key_id()?, header.algorithm())?;
        header.check(key.algorithm)?;
        parts.check_signature(key)?;
        self.admission.admit(claims, now)
    }
}

/// The three parts of a compact JWS (RFC 7515, section 7.1).
struct Parts<'a> {
    header: Vec<u8>,
    payload: Vec<u8>,
    message: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, TokenRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefused::Malformed.into());
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenRefused::Malformed)?;
        Ok(Self { header: decode(header)?, payload: decode(payload)?, message, signature })
    }

    fn check_signature(&self, key: &VerificationKey) -> Result<(), TokenRefusal> {
        let verified =
            jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key.key, key.algorithm)
                .map_err(|_| TokenRefused::Malformed)?;
        if verified { Ok(()) } else { Err(TokenRefused::Signature.into()) }
    }
}

/// Decodes base64url without padding. A token of four parts fails here too, because the dot is not in that
/// alphabet.
fn decode(part: &str) -> Result<Vec<u8>, TokenRefused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefused::Malformed)
}
