//! The settings of one entry under `auth.issuers`.

use anyhow::{Context, bail, ensure};
use strongroom::{
    Audience, ClaimPath, IssuerFile, OrganizationRule, Principals, RoleMap, ServiceMark, TokenRules,
};
use strongroom_domain::violation::Rule;
use strongroom_domain::{Issuer, OrganizationId};

use super::{keys, raw};
use crate::duration::duration;

/// What an operator writes for the audience of a provider that sends none.
const NO_AUDIENCE: &str = "none";

/// Reads the settings of an issuer.
///
/// # Errors
/// The error names the setting and the rule, never a value.
pub(super) fn read(name: String, issuer: raw::Issuer) -> anyhow::Result<IssuerFile> {
    let entry = Entry(&name);
    let rules = TokenRules {
        audience: entry.audience(issuer.audience.as_deref(), issuer.client_id.as_deref())?,
        organization: entry.organization(
            issuer.organization.as_deref(),
            issuer.org_claim.as_deref(),
            issuer.organizations.as_deref(),
        )?,
        subject_claim: entry.read("subject_claim", issuer.subject_claim.as_deref(), ClaimPath::parse)?,
        roles_claim: entry.read("roles_claim", issuer.roles_claim.as_deref(), ClaimPath::parse)?,
        role_map: entry.read("role_map", issuer.role_map.as_deref(), RoleMap::parse)?,
        scope_claim: entry.read("scope_claim", issuer.scope_claim.as_deref(), ClaimPath::parse)?,
        service_mark: entry.read("service_claim", issuer.service_claim.as_deref(), ServiceMark::parse)?,
        principals: entry
            .read("principals", issuer.principals.as_deref(), Principals::parse)?
            .unwrap_or(Principals::Both),
        max_lifetime: entry.max_lifetime(issuer.max_lifetime.as_deref())?,
    };
    Ok(IssuerFile {
        issuer: entry.issuer(issuer.issuer.as_deref())?,
        jwks_file: issuer.jwks_file.with_context(|| entry.is_required("jwks_file"))?.into(),
        rules,
        name,
    })
}

/// Refuses a name of the local issuer that no other issuer could have.
///
/// # Errors
/// The error names the setting and the rule, never the value.
pub(super) fn check_local(issuer: &str) -> anyhow::Result<()> {
    match Issuer::parse(issuer) {
        Ok(_) => Ok(()),
        Err(rule) => bail!("auth.issuer ({}) {rule}", keys::variable("auth.issuer")),
    }
}

/// The name of an issuer in the settings.
struct Entry<'a>(&'a str);

impl Entry<'_> {
    fn issuer(&self, text: Option<&str>) -> anyhow::Result<String> {
        let issuer = self.read("issuer", text, Issuer::parse)?;
        Ok(issuer.with_context(|| self.is_required("issuer"))?.as_str().to_owned())
    }

    fn audience(&self, audience: Option<&str>, clients: Option<&str>) -> anyhow::Result<Audience> {
        let audience = audience.with_context(|| self.is_required("audience"))?;
        let list = |key, text| self.read(key, text, Audience::list);
        if audience.trim() == NO_AUDIENCE {
            let clients = list("client_id", clients)?;
            let required = || format!("{} when audience is none", self.is_required("client_id"));
            return Ok(Audience::Clients(clients.with_context(required)?));
        }
        ensure!(clients.is_none(), "{} is only for an audience of none", self.key("client_id"));
        let known = list("audience", Some(audience))?.unwrap_or_default();
        ensure!(!known.contains(NO_AUDIENCE), "{} must be none or a list without none", self.key("audience"));
        Ok(Audience::OneOf(known))
    }

    fn organization(
        &self,
        fixed: Option<&str>,
        claim: Option<&str>,
        only: Option<&str>,
    ) -> anyhow::Result<OrganizationRule> {
        let Some(fixed) = self.read("organization", fixed, OrganizationId::parse)? else {
            let claim = self.read("org_claim", claim, ClaimPath::parse)?;
            let only = self.read("organizations", only, OrganizationRule::list)?;
            return Ok(OrganizationRule::Claimed { claim, only });
        };
        for (key, other) in [("org_claim", claim), ("organizations", only)] {
            if other.is_some() {
                bail!("set {} or {}, not both", self.key("organization"), self.key(key));
            }
        }
        Ok(OrganizationRule::Fixed(fixed))
    }

    fn max_lifetime(&self, text: Option<&str>) -> anyhow::Result<Option<std::time::Duration>> {
        const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
        text.map(|text| duration(&self.key("max_lifetime"), text, &UNITS)).transpose()
    }

    fn read<T>(
        &self,
        key: &str,
        text: Option<&str>,
        parse: impl Fn(&str) -> Result<T, Rule>,
    ) -> anyhow::Result<Option<T>> {
        let broken = |rule: Rule| anyhow::anyhow!("{} {rule}", self.key(key));
        text.map(|text| parse(text).map_err(broken)).transpose()
    }

    fn is_required(&self, key: &str) -> String {
        format!("{} is required", self.key(key))
    }

    /// A setting with its variable.
    fn key(&self, key: &str) -> String {
        let name = format!("auth.issuers.{}.{key}", self.0);
        format!("{name} ({})", keys::variable(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Settings};

    const GOOD: [(&str, &str); 3] =
        [("ISSUER", "https://id.example.com/"), ("AUDIENCE", "strongroom"), ("JWKS_FILE", "/corp.jwks.json")];

    type Changes<'a> = &'a [(&'a str, &'a str)];

    fn load(changes: Changes<'_>) -> anyhow::Result<String> {
        let all =
            GOOD.iter().filter(|(key, _)| changes.iter().all(|(changed, _)| changed != key)).chain(changes);
        let variables: Vec<_> =
            all.map(|(key, value)| (format!("STRONGROOM_AUTH__ISSUERS__CORP__{key}"), *value)).collect();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        Ok(format!("{:?}", Settings::load(None, &Environment::of(&variables))?.builder))
    }

    #[test]
    fn every_setting_of_an_issuer_is_part_of_what_the_event_of_a_start_digests() {
        let plain = load(&[]).unwrap();
        let good: [Changes<'_>; 15] = [
            &[("AUDIENCE", "strongroom, vault")],
            &[("AUDIENCE", "none"), ("CLIENT_ID", "web,robots")],
            &[("ORGANIZATIONS", "acme,globex")],
            &[("ORGANIZATION", "acme")],
            &[("ORG_CLAIM", "/app_metadata/org")],
            &[("ROLES_CLAIM", "https://example.com/roles")],
            &[("SUBJECT_CLAIM", "oid")],
            &[("SCOPE_CLAIM", "scp")],
            &[("SERVICE_CLAIM", "is_robot")],
            &[("SERVICE_CLAIM", "gty=client-credentials")],
            &[("ROLE_MAP", "vault-admins=admin, staff = member")],
            &[("PRINCIPALS", "users")],
            &[("PRINCIPALS", "services")],
            &[("MAX_LIFETIME", "90m")],
            &[("MAX_LIFETIME", "1d")],
        ];
        let shown: Vec<String> = good.iter().map(|changes| load(changes).unwrap()).collect();
        for (at, one) in shown.iter().enumerate() {
            assert!(*one != plain && !shown[at + 1..].contains(one), "{:?}", good[at]);
        }
        assert_eq!(load(&[("PRINCIPALS", "services , users")]).unwrap(), plain);
    }

    #[test]
    fn wrong_settings_are_refused_by_name_and_rule() {
        let rows: [(Changes<'_>, &str, &str); 33] = [
            (&[("ISSUER", "")], "issuer", "is required"),
            (&[("ISSUER", "canary\u{e9}")], "issuer", "printable ASCII"),
            (&[("AUDIENCE", "")], "audience", "is required"),
            (&[("JWKS_FILE", "")], "jwks_file", "is required"),
            (&[("AUDIENCE", "canary,,b")], "audience", "none of them empty"),
            (&[("AUDIENCE", "canary,none"), ("CLIENT_ID", "c")], "client_id", "only for an audience of none"),
            (&[("AUDIENCE", "canary,none")], "audience", "a list without none"),
            (&[("AUDIENCE", "none")], "client_id", "is required when audience is none"),
            (&[("AUDIENCE", "none"), ("CLIENT_ID", "canary,")], "client_id", "none of them empty"),
            (&[("CLIENT_ID", "canary")], "client_id", "only for an audience of none"),
            (&[("ORGANIZATIONS", "acme,~canary")], "organizations", "must be"),
            (&[("ORGANIZATION", "~canary")], "organization", "must be"),
            (&[("ORGANIZATION", "canary,b")], "organization", "must be"),
            (&[("ORGANIZATION", "canary"), ("ORG_CLAIM", "o")], "org_claim", "not both"),
            (&[("ORGANIZATION", "canary"), ("ORGANIZATIONS", "o")], "organizations", "not both"),
            (&[("ORG_CLAIM", " canary")], "org_claim", "name of a claim"),
            (&[("ROLES_CLAIM", "/")], "roles_claim", "JSON pointer"),
            (
                &[("ROLES_CLAIM", "canary.roles")],
                "roles_claim",
                "write a JSON pointer, such as /realm_access",
            ),
            (&[("ORG_CLAIM", "canary.id")], "org_claim", "write a JSON pointer"),
            (&[("SUBJECT_CLAIM", "canary/id")], "subject_claim", "write a JSON pointer"),
            (&[("SCOPE_CLAIM", "$.canary")], "scope_claim", "write a JSON pointer"),
            (&[("SERVICE_CLAIM", "canary.kind=robot")], "service_claim", "write a JSON pointer"),
            (&[("SUBJECT_CLAIM", "/canary~2")], "subject_claim", "JSON pointer"),
            (&[("SCOPE_CLAIM", "//canary")], "scope_claim", "JSON pointer"),
            (&[("SERVICE_CLAIM", "canary=")], "service_claim", "after its ="),
            (&[("SERVICE_CLAIM", "=canary")], "service_claim", "name of a claim"),
            (&[("ROLE_MAP", "canary")], "role_map", "must be a list such as"),
            (&[("ROLE_MAP", "canary=owner")], "role_map", "must be a list such as"),
            (&[("ROLE_MAP", "=admin")], "role_map", "must be a list such as"),
            (&[("ROLE_MAP", "canary=admin,canary=member")], "role_map", "once"),
            (&[("PRINCIPALS", "users,canary")], "principals", "users,services"),
            (&[("MAX_LIFETIME", "canary")], "max_lifetime", "must be a whole number and one of: d h m s"),
            (&[("MAX_LIFETIME", "0h")], "max_lifetime", "must be a whole number"),
        ];
        for (changes, key, rule) in rows {
            let error = format!("{:#}", load(changes).unwrap_err());
            let variable = format!("STRONGROOM_AUTH__ISSUERS__CORP__{}", key.to_uppercase());
            assert!(error.contains(&format!("auth.issuers.corp.{key} ({variable})")), "{changes:?}: {error}");
            assert!(error.contains(rule) && !error.contains("canary"), "{changes:?}: {error}");
        }
    }
}
