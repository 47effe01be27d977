//! Verifies the tokens of all configured issuers.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_domain::Issuer;
use strongroom_environment::{TokenRefused, TokenVerifier, VerifiedToken};
use time::OffsetDateTime;

use super::admission::Admission;
use super::claims::Claims;
use super::header::Header;
use super::jwks::{KeySet, VerificationKey};
use super::ring_provider;
use super::settings::{IssuerKeys, IssuerSettings, TokenSettingsError, TokenSettingsProblem};

const MAX_TOKEN_BYTES: usize = 8 * 1024;

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
            let keys = KeySet::new(&settings.keys).map_err(failed)?;
            if by_iss.contains_key(&settings.issuer) {
                return Err(failed(TokenSettingsProblem::DuplicateIssuer));
            }
            let IssuerSettings { name, issuer, rules, .. } = settings;
            let keys = RwLock::new(Arc::new(keys));
            let admission = Admission { name, iss, rules };
            by_iss.insert(issuer, KnownIssuer { keys, admission });
        }
        Ok(Self { by_iss })
    }

    /// Replaces the keys of an issuer by those of a JWKS. Tokens of keys that are not in it are refused from
    /// then on.
    ///
    /// # Errors
    /// What is wrong with the JWKS; the keys before stay.
    pub fn replace_keys(&self, issuer: &str, jwks: String) -> Result<(), TokenSettingsError> {
        let failed = |problem| TokenSettingsError { issuer: issuer.to_owned(), problem };
        let keys = Arc::new(KeySet::new(&IssuerKeys::Jwks(jwks)).map_err(failed)?);
        if let Some(known) = self.by_iss.values().find(|known| known.admission.name == issuer) {
            *known.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefused> {
        let parts = Parts::split(token)?;
        let claims = Claims::parse(&parts.payload)?;
        // Nothing is trusted yet: `iss` only selects the keys to verify with.
        let issuer = self.by_iss.get(claims.required("iss")?).ok_or(TokenRefused::Issuer)?;
        let header = Header::parse(&parts.header)?;
        let keys = issuer.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let key = keys.find(header.key_id()?).ok_or(TokenRefused::Key)?;
        header.check(key.algorithm)?;
        parts.check_signature(key)?;
        issuer.admission.admit(&claims, now)
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
    fn split(token: &'a str) -> Result<Self, TokenRefused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefused::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenRefused::Malformed)?;
        Ok(Self { header: decode(header)?, payload: decode(payload)?, message, signature })
    }

    fn check_signature(&self, key: &VerificationKey) -> Result<(), TokenRefused> {
        let verified =
            jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key.key, key.algorithm)
                .map_err(|_| TokenRefused::Malformed)?;
        if verified { Ok(()) } else { Err(TokenRefused::Signature) }
    }
}

/// Decodes base64url without padding. A token of four parts fails here too, because the dot is not in that
/// alphabet.
fn decode(part: &str) -> Result<Vec<u8>, TokenRefused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefused::Malformed)
}
