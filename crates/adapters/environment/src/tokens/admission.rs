//! Reads what a token says, when its signature has been verified.

use std::collections::BTreeSet;

use serde_json::Value;
use strongroom_domain::{Issuer, OrganizationId, Role, Scope, ScopeSet, UserId};
use strongroom_environment::{TokenRefusal, TokenRefused, TokenSubject, VerifiedToken};
use time::OffsetDateTime;

use super::claims::{Claims, misshapen};
use super::members::{about, printable};
use super::roles;
use super::rules::{Audience, ClaimPath, OrganizationRule, Principals, TokenRules};

/// Claims of ID tokens (OpenID Connect Core 1.0, sections 2 and 3.3.2.11), which the local issuer never
/// makes. At other issuers they tell nothing: some providers put them into access tokens too. There it is the
/// audience that tells, which is a client in an ID token and this service in a token for it.
const ID_TOKEN_CLAIMS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// The most roles that are none here of which the operator is told, and the longest of them.
const OTHER_ROLES: usize = 8;
const ROLE_LENGTH: usize = 64;

/// The rules for the tokens of an issuer.
pub(super) struct Admission {
    /// The issuer's name in the settings.
    pub(super) name: String,
    /// The issuer as its tokens name it.
    pub(super) iss: Issuer,
    pub(super) rules: TokenRules,
    /// Whether it shares a secret with us, and so makes access tokens only.
    pub(super) is_local: bool,
}

impl Admission {
    /// Reads the claims of a token whose signature has been verified.
    pub(super) fn admit(&self, claims: &Claims, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefusal> {
        let marks = ID_TOKEN_CLAIMS.into_iter().filter(|_| self.is_local);
        if let Some(name) = marks.into_iter().find(|name| claims.contains(name)) {
            return Err(about(TokenRefused::IdToken, name));
        }
        self.check_audience(claims)?;
        let ends_at = claims.check_time(now, self.rules.max_lifetime)?;
        let organization = self.organization(claims)?;
        let (subject, other_roles) = self.subject(claims)?;
        let (issuer, iss) = (self.name.clone(), self.iss.clone());
        Ok(VerifiedToken { issuer, iss, organization, subject, other_roles, ends_at })
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), TokenRefusal> {
        match &self.rules.audience {
            Audience::OneOf(known) => {
                if !claims.contains("aud") {
                    return Err(about(TokenRefused::ClaimMissing, "aud"));
                }
                let named = claims.string_or_strings("aud")?;
                match named.iter().any(|audience| known.contains(*audience)) {
                    true => Ok(()),
                    false => Err(about(TokenRefused::Audience, &named.join(", "))),
                }
            }
            // A token for an audience was not meant for callers of a service that has none.
            Audience::Clients(_) if claims.contains("aud") => {
                Err(about(TokenRefused::Audience, "it has an `aud`, and the setting audience is none"))
            }
            Audience::Clients(known) => {
                let named = [claims.string("azp")?, claims.string("client_id")?];
                let named: Vec<&str> = named.into_iter().flatten().collect();
                match named.iter().find(|client| !known.contains(**client)) {
                    Some(client) => Err(about(TokenRefused::Client, client)),
                    None if named.is_empty() => Err(about(TokenRefused::ClaimMissing, "azp or client_id")),
                    None => Ok(()),
                }
            }
        }
    }

    fn organization(&self, claims: &Claims) -> Result<OrganizationId, TokenRefusal> {
        let (claim, only) = match &self.rules.organization {
            OrganizationRule::Fixed(organization) => return Ok(organization.clone()),
            OrganizationRule::Claimed { claim, only } => (claim, only),
        };
        let (id, name) = match claim {
            Some(path) => (claims.required_at(path)?, path.to_string()),
            None => match (claims.string("org_id")?, claims.string("tenant_id")) {
                (Some(id), _) => (id, "org_id".to_owned()),
                (None, found) => {
                    let missing = || about(TokenRefused::ClaimMissing, "org_id or tenant_id");
                    (found?.ok_or_else(missing)?, "tenant_id".to_owned())
                }
            },
        };
        let id = OrganizationId::parse(id).map_err(|_| about(TokenRefused::ClaimMisshapen, &name))?;
        match only {
            Some(only) if !only.contains(&id) => Err(about(TokenRefused::Organization, id.as_str())),
            _ => Ok(id),
        }
    }

    fn subject(&self, claims: &Claims) -> Result<(TokenSubject, Vec<String>), TokenRefusal> {
        let (id, name) = match &self.rules.subject_claim {
            Some(path) => (claims.required_at(path)?, path.to_string()),
            None => (claims.required("sub")?, "sub".to_owned()),
        };
        let id = UserId::parse(id).map_err(|_| about(TokenRefused::ClaimMisshapen, &name))?;
        let (roles, others) = self.roles(claims)?;
        match (self.is_program(claims)?, self.rules.principals) {
            (false, Principals::Both | Principals::Users) => Ok((TokenSubject::User(id, roles), others)),
            (true, Principals::Both | Principals::Services) => {
                Ok((TokenSubject::Service(id, self.scopes(claims)?), Vec::new()))
            }
            (true, _) => Err(about(TokenRefused::Principal, "a program")),
            (false, _) => Err(about(TokenRefused::Principal, "a person")),
        }
    }

    /// Whether the token is a program's.
    fn is_program(&self, claims: &Claims) -> Result<bool, TokenRefusal> {
        let Some(mark) = &self.rules.service_mark else {
            return match claims.string("principal_type")? {
                None | Some("user") => Ok(false),
                Some("service") => Ok(true),
                Some(_) => Err(about(TokenRefused::ClaimMisshapen, "principal_type")),
            };
        };
        match (claims.find(&mark.claim), &mark.value) {
            (None, _) => Ok(false),
            (Some(Value::String(found)), Some(value)) => Ok(found == value),
            (Some(Value::Array(found)), Some(value)) => {
                Ok(found.iter().any(|one| one.as_str() == Some(value)))
            }
            (Some(Value::Bool(is_program)), None) => Ok(*is_program),
            (Some(Value::String(found)), None) if found == "user" => Ok(false),
            (Some(Value::String(found)), None) if found == "service" => Ok(true),
            _ => Err(misshapen(&mark.claim)),
        }
    }

    /// The roles of a person, and the names of those that are none here.
    fn roles(&self, claims: &Claims) -> Result<(BTreeSet<Role>, Vec<String>), TokenRefusal> {
        let role = |name: &str| match &self.rules.role_map {
            Some(map) => map.get(name),
            None => Role::parse(name).ok(),
        };
        let named = match &self.rules.roles_claim {
            Some(path) => Self::roles_at(claims, path, |name| role(name).is_some())?,
            None => {
                let mut named = claims.strings("roles")?;
                named.extend(claims.string("role")?);
                named
            }
        };
        let others = named.iter().filter(|name| role(name).is_none()).take(OTHER_ROLES);
        let others = others.map(|name| printable(name, ROLE_LENGTH)).collect();
        Ok((named.into_iter().filter_map(role).collect(), others))
    }

    fn roles_at<'a>(
        claims: &'a Claims,
        path: &ClaimPath,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Vec<&'a str>, TokenRefusal> {
        let Some(value) = claims.find(path) else { return Ok(Vec::new()) };
        roles::names(value, is_known).ok_or_else(|| misshapen(path))
    }

    /// The scopes of a program: one text with spaces between them, and from a claim of the settings also a
    /// list. Those that Strongroom does not know grant nothing.
    fn scopes(&self, claims: &Claims) -> Result<ScopeSet, TokenRefusal> {
        let named = match &self.rules.scope_claim {
            Some(path) => claims.string_or_strings_at(path)?,
            None => claims.string("scope")?.into_iter().collect(),
        };
        let each = named.into_iter().flat_map(|text| text.split(' '));
        Ok(each.filter_map(|scope| Scope::parse(scope).ok()).collect())
    }
}
