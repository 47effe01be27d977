//! Reads what a token says, when its signature has been verified.

use strongroom_domain::{OrganizationId, Role, Scope, UserId};
use strongroom_environment::{TokenRefused, TokenSubject, VerifiedToken};
use time::OffsetDateTime;

use super::claims::Claims;

/// Claims that only ID tokens carry (OpenID Connect Core 1.0, sections 2 and 3.3.2.11). An ID token tells a
/// client who signed in; it does not permit a call to this service.
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// What the tokens of an issuer have to say, and where they say it.
pub(super) struct Admission {
    pub(super) name: String,
    pub(super) audience: String,
    pub(super) org_claim: Option<String>,
    pub(super) roles_claim: Option<String>,
}

impl Admission {
    /// Reads the claims of a token whose signature has been verified.
    pub(super) fn admit(&self, claims: &Claims, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefused> {
        if ID_TOKEN_CLAIMS.iter().any(|name| claims.contains(name)) {
            return Err(TokenRefused::Claims);
        }
        if !claims.contains("aud") {
            return Err(TokenRefused::Claims);
        }
        if !claims.string_or_strings("aud")?.contains(&self.audience.as_str()) {
            return Err(TokenRefused::Audience);
        }
        let ends_at = claims.check_time(now)?;
        Ok(VerifiedToken {
            ends_at,
            issuer: self.name.clone(),
            organization: self.organization(claims)?,
            subject: self.subject(claims)?,
        })
    }

    fn organization(&self, claims: &Claims) -> Result<OrganizationId, TokenRefused> {
        let id = match &self.org_claim {
            Some(name) => claims.required(name)?,
            None => match claims.string("org_id")? {
                Some(id) => id,
                None => claims.required("tenant_id")?,
            },
        };
        OrganizationId::parse(id).map_err(|_| TokenRefused::Claims)
    }

    fn subject(&self, claims: &Claims) -> Result<TokenSubject, TokenRefused> {
        let id = UserId::parse(claims.required("sub")?).map_err(|_| TokenRefused::Claims)?;
        let roles = self.roles(claims)?;
        match claims.string("principal_type")? {
            None | Some("user") => Ok(TokenSubject::User(
                id,
                roles.into_iter().filter_map(|role| Role::parse(role).ok()).collect(),
            )),
            Some("service") => {
                let scopes = claims.string("scope")?.unwrap_or_default().split(' ');
                Ok(TokenSubject::Service(id, scopes.filter_map(|scope| Scope::parse(scope).ok()).collect()))
            }
            Some(_) => Err(TokenRefused::Claims),
        }
    }

    fn roles<'a>(&self, claims: &'a Claims) -> Result<Vec<&'a str>, TokenRefused> {
        if let Some(name) = &self.roles_claim {
            return claims.string_or_strings(name);
        }
        let mut roles = claims.strings("roles")?;
        roles.extend(claims.string("role")?);
        Ok(roles)
    }
}
