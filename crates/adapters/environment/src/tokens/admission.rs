//! Reads what a token says, when its signature has been verified.

use std::collections::BTreeSet;

use serde_json::Value;
use strongroom_domain::{Issuer, OrganizationId, Role, Scope, ScopeSet, UserId};
use strongroom_environment::{TokenRefused, TokenSubject, VerifiedToken};
use time::OffsetDateTime;

use super::claims::Claims;
use super::rules::{Audience, OrganizationRule, Principals, TokenRules};

/// Claims that only ID tokens carry (OpenID Connect Core 1.0, sections 2 and 3.3.2.11). An ID token tells a
/// client who signed in; it does not permit a call to this service.
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// The rules for the tokens of an issuer.
pub(super) struct Admission {
    /// The issuer's name in the settings.
    pub(super) name: String,
    /// The issuer as its tokens name it.
    pub(super) iss: Issuer,
    pub(super) rules: TokenRules,
}

impl Admission {
    /// Reads the claims of a token whose signature has been verified.
    pub(super) fn admit(&self, claims: &Claims, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefused> {
        if ID_TOKEN_CLAIMS.iter().any(|name| claims.contains(name)) {
            return Err(TokenRefused::Claims);
        }
        self.check_audience(claims)?;
        Ok(VerifiedToken {
            ends_at: claims.check_time(now, self.rules.max_lifetime)?,
            issuer: self.name.clone(),
            iss: self.iss.clone(),
            organization: self.organization(claims)?,
            subject: self.subject(claims)?,
        })
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), TokenRefused> {
        let is_known = match &self.rules.audience {
            Audience::OneOf(known) if claims.contains("aud") => {
                claims.string_or_strings("aud")?.iter().any(|audience| known.contains(*audience))
            }
            // A token for an audience was not meant for callers of a service that has none.
            Audience::Clients(known) if !claims.contains("aud") => {
                let named = [claims.string("azp")?, claims.string("client_id")?];
                let mut named = named.into_iter().flatten().peekable();
                named.peek().is_some() && named.all(|client| known.contains(client))
            }
            _ => return Err(TokenRefused::Claims),
        };
        if is_known { Ok(()) } else { Err(TokenRefused::Audience) }
    }

    fn organization(&self, claims: &Claims) -> Result<OrganizationId, TokenRefused> {
        let (claim, only) = match &self.rules.organization {
            OrganizationRule::Fixed(organization) => return Ok(organization.clone()),
            OrganizationRule::Claimed { claim, only } => (claim, only),
        };
        let id = match claim {
            Some(path) => claims.required_at(path)?,
            None => match claims.string("org_id")? {
                Some(id) => id,
                None => claims.required("tenant_id")?,
            },
        };
        let id = OrganizationId::parse(id).map_err(|_| TokenRefused::Claims)?;
        match only {
            Some(only) if !only.contains(&id) => Err(TokenRefused::Organization),
            _ => Ok(id),
        }
    }

    fn subject(&self, claims: &Claims) -> Result<TokenSubject, TokenRefused> {
        let id = match &self.rules.subject_claim {
            Some(path) => claims.required_at(path)?,
            None => claims.required("sub")?,
        };
        let id = UserId::parse(id).map_err(|_| TokenRefused::Claims)?;
        let roles = self.roles(claims)?;
        match (self.is_program(claims)?, self.rules.principals) {
            (false, Principals::Both | Principals::Users) => Ok(TokenSubject::User(id, roles)),
            (true, Principals::Both | Principals::Services) => {
                Ok(TokenSubject::Service(id, self.scopes(claims)?))
            }
            _ => Err(TokenRefused::Principal),
        }
    }

    /// Whether the token is a program's.
    fn is_program(&self, claims: &Claims) -> Result<bool, TokenRefused> {
        let Some(mark) = &self.rules.service_mark else {
            return match claims.string("principal_type")? {
                None | Some("user") => Ok(false),
                Some("service") => Ok(true),
                Some(_) => Err(TokenRefused::Claims),
            };
        };
        match (claims.find(&mark.claim), &mark.value) {
            (None, _) => Ok(false),
            (Some(Value::String(found)), Some(value)) => Ok(found == value),
            (Some(Value::Bool(is_program)), None) => Ok(*is_program),
            (Some(Value::String(found)), None) if found == "user" => Ok(false),
            (Some(Value::String(found)), None) if found == "service" => Ok(true),
            _ => Err(TokenRefused::Claims),
        }
    }

    fn roles(&self, claims: &Claims) -> Result<BTreeSet<Role>, TokenRefused> {
        let named = match &self.rules.roles_claim {
            Some(path) => claims.string_or_strings_at(path)?,
            None => {
                let mut named = claims.strings("roles")?;
                named.extend(claims.string("role")?);
                named
            }
        };
        let role = |name: &str| match &self.rules.role_map {
            Some(map) => map.get(name),
            None => Role::parse(name).ok(),
        };
        Ok(named.into_iter().filter_map(role).collect())
    }

    /// The scopes of a program: one text with spaces between them, and from a claim of the settings also a
    /// list. Those that Strongroom does not know grant nothing.
    fn scopes(&self, claims: &Claims) -> Result<ScopeSet, TokenRefused> {
        let named = match &self.rules.scope_claim {
            Some(path) => claims.string_or_strings_at(path)?,
            None => claims.string("scope")?.into_iter().collect(),
        };
        let each = named.into_iter().flat_map(|text| text.split(' '));
        Ok(each.filter_map(|scope| Scope::parse(scope).ok()).collect())
    }
}
