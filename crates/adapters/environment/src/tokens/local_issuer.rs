//! The token issuer of the command `strongroom token`.

use std::collections::BTreeSet;
use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use strongroom_domain::{Issuer, OrganizationId, Role, UserId};
use time::OffsetDateTime;

use super::ring_provider;
use super::secrets::check_secret;
use super::settings::{TokenSettingsError, TokenSettingsProblem};

const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const SHORTEST: Duration = Duration::from_secs(1);

/// Issues HS256 tokens that [`JwtVerifier`](super::JwtVerifier) accepts with the same three settings.
pub struct LocalIssuer {
    issuer: String,
    audience: String,
    key: EncodingKey,
}

impl LocalIssuer {
    /// Makes an issuer. It refuses the secrets and names that the verifier refuses.
    pub fn new(issuer: String, audience: String, secret: &[u8]) -> Result<Self, TokenSettingsError> {
        ring_provider::install();
        let failed = |problem| TokenSettingsError { issuer: "local".to_owned(), problem };
        Issuer::parse(&issuer).map_err(|_| failed(TokenSettingsProblem::Issuer))?;
        if audience.is_empty() {
            return Err(failed(TokenSettingsProblem::Audience));
        }
        check_secret(secret).map_err(failed)?;
        Ok(Self { issuer, audience, key: EncodingKey::from_secret(secret) })
    }

    /// Issues a token for a person. It is valid from `now` for 1 second to 24 hours; fractions of a second
    /// are cut off.
    pub fn issue(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        roles: &BTreeSet<Role>,
        now: OffsetDateTime,
        ttl: Duration,
    ) -> Result<String, TokenIssueError> {
        if !(SHORTEST..=LONGEST).contains(&ttl) {
            return Err(TokenIssueError::Ttl);
        }
        let iat = now.unix_timestamp();
        let claims = IssuedClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: user.as_str(),
            org_id: organization.as_str(),
            roles: roles.iter().map(|role| role.as_str()).collect(),
            iat,
            exp: iat.saturating_add_unsigned(ttl.as_secs()),
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.key).map_err(|_| TokenIssueError::Signing)
    }
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    org_id: &'a str,
    roles: Vec<&'static str>,
    iat: i64,
    exp: i64,
}

/// Why no token was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenIssueError {
    /// The lifetime is out of range.
    #[error("a token may live 1 second to 24 hours")]
    Ttl,
    /// The signature could not be made.
    #[error("the token could not be signed")]
    Signing,
}
