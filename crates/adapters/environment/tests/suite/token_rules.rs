//! Tests of what an operator may set for the tokens of an issuer. Each rule has tokens that pass beside those
//! that are refused.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_domain::{OrganizationId, Role, Scope, UserId};
use strongroom_environment::{TokenRefused, TokenSubject, VerifiedToken};
use strongroom_environment_system::tokens::{
    Audience, ClaimPath, OrganizationRule, Principals, RoleMap, ServiceMark,
};
use strongroom_environment_system::{IssuerSettings, JwtVerifier, TokenRules};
use time::ext::NumericalDuration;

use crate::forge::{Judge as _, NOW, Signer};
use crate::token_claims::user;

/// Verifies a token with these claims, `null` meaning that the claim is absent, for an issuer with these
/// rules.
fn verify(rules: &TokenRules, changes: &Value) -> Result<VerifiedToken, TokenRefused> {
    let settings = IssuerSettings { rules: rules.clone(), ..Signer::Es.settings() };
    let mut claims = Signer::Es.claims_with(changes.clone());
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    JwtVerifier::new(vec![settings]).unwrap().judge(&Signer::Es.token_of(&claims), NOW)
}

fn check(rules: &TokenRules, rows: &[(Value, Result<(), TokenRefused>)]) {
    for (changes, expected) in rows {
        assert_eq!(verify(rules, changes).map(|_| ()), *expected, "{changes}");
    }
}

fn base() -> TokenRules {
    TokenRules::for_audience("strongroom")
}

fn path(text: &str) -> Option<ClaimPath> {
    Some(ClaimPath::parse(text).unwrap())
}

fn service(scopes: &[Scope]) -> TokenSubject {
    TokenSubject::Service(UserId::parse("user-1").unwrap(), scopes.iter().copied().collect())
}

#[test]
fn any_audience_of_the_list_will_do() {
    let audience = Audience::OneOf(Audience::list("strongroom, vault").unwrap());
    check(
        &TokenRules { audience, ..base() },
        &[
            (json!({}), Ok(())),
            (json!({"aud": "vault"}), Ok(())),
            (json!({"aud": ["other", "vault"]}), Ok(())),
            (json!({"aud": "strongroom, vault"}), Err(TokenRefused::Audience)),
            (json!({"aud": "other"}), Err(TokenRefused::Audience)),
            (json!({"aud": []}), Err(TokenRefused::Audience)),
            (json!({"aud": null, "azp": "strongroom"}), Err(TokenRefused::ClaimMissing)),
        ],
    );
}

#[test]
fn without_an_audience_the_client_is_compared() {
    let audience = Audience::Clients(Audience::list("web,robots").unwrap());
    check(
        &TokenRules { audience, ..base() },
        &[
            (json!({"aud": null, "azp": "web"}), Ok(())),
            (json!({"aud": null, "client_id": "robots"}), Ok(())),
            (json!({"aud": null, "azp": "web", "client_id": "robots"}), Ok(())),
            (json!({"aud": null, "azp": "web", "client_id": "other"}), Err(TokenRefused::Client)),
            (json!({"aud": null, "azp": "other"}), Err(TokenRefused::Client)),
            (json!({"aud": null}), Err(TokenRefused::ClaimMissing)),
            (json!({"aud": null, "azp": ["web"]}), Err(TokenRefused::ClaimMisshapen)),
            (json!({"azp": "web"}), Err(TokenRefused::Audience)),
            (json!({"aud": "web", "azp": "web"}), Err(TokenRefused::Audience)),
        ],
    );
}

#[test]
fn an_issuer_speaks_for_its_organisations_only() {
    let only = Some(OrganizationRule::list("acme, globex").unwrap());
    let organization = OrganizationRule::Claimed { claim: None, only };
    check(
        &TokenRules { organization, ..base() },
        &[
            (json!({}), Ok(())),
            (json!({"org_id": null, "tenant_id": "globex"}), Ok(())),
            (json!({"org_id": "initech"}), Err(TokenRefused::Organization)),
            (json!({"org_id": "ACME"}), Err(TokenRefused::Organization)),
            (json!({"org_id": "initech", "tenant_id": "acme"}), Err(TokenRefused::Organization)),
        ],
    );
}

#[test]
fn the_organisation_is_fixed_or_in_a_claim_of_the_settings() {
    let organization = |rule: OrganizationRule, changes| {
        verify(&TokenRules { organization: rule, ..base() }, &changes).map(|token| token.organization)
    };
    let fixed = || OrganizationRule::Fixed(OrganizationId::parse("globex").unwrap());
    for says in [json!({}), json!({"org_id": null}), json!({"org_id": 7, "tenant_id": "initech"})] {
        assert_eq!(organization(fixed(), says).unwrap().as_str(), "globex");
    }
    let claimed = |claim| OrganizationRule::Claimed { claim: path(claim), only: None };
    let named =
        json!({"https://x.example/org": "globex", "app/meta~data": {"org": "initech", "a/b": "hooli"}});
    for (claim, expected) in [
        ("https://x.example/org", "globex"),
        ("/app~1meta~0data/org", "initech"),
        ("/app~1meta~0data/a~1b", "hooli"),
        ("/org_id", "acme"),
    ] {
        assert_eq!(organization(claimed(claim), named.clone()).unwrap().as_str(), expected);
    }
    for claim in ["app:meta~data", "/app~1meta~0data/nothing", "/app~1meta~0data/org/deeper", "nothing"] {
        assert_eq!(organization(claimed(claim), named.clone()), Err(TokenRefused::ClaimMissing), "{claim}");
    }
    // Keycloak sends every claim that may have several values as a list.
    assert_eq!(organization(claimed("o"), json!({"o": ["globex"]})).unwrap().as_str(), "globex");
    // Keycloak's organisations with their attributes.
    assert_eq!(organization(claimed("o"), json!({"o": {"globex": {}}})).unwrap().as_str(), "globex");
    let two = json!({"globex": {}, "acme": {}});
    for several in [json!([]), json!(["globex", "acme"]), json!([1]), json!({"id": "globex"}), two] {
        let found = organization(claimed("o"), json!({"o": several}));
        assert_eq!(found, Err(TokenRefused::ClaimMisshapen), "{several}");
    }
}

#[test]
fn the_claims_of_subject_roles_and_scopes_are_settings() {
    let rules = TokenRules {
        subject_claim: path("/ids/0"),
        roles_claim: path("groups"),
        scope_claim: path("scp"),
        ..base()
    };
    let subject = |changes| verify(&rules, &changes).map(|token| token.subject);
    let found = subject(json!({"ids": ["alice"], "groups": ["admin"], "roles": ["member"], "role": 1}));
    assert_eq!(found, Ok(user("alice", &[Role::Admin])));
    assert_eq!(subject(json!({"ids": ["alice"], "groups": "member"})), Ok(user("alice", &[Role::Member])));
    assert_eq!(subject(json!({"ids": ["alice"]})), Ok(user("alice", &[])));
    for scp in [json!("secrets:read openid"), json!(["secrets:read", "openid"])] {
        let found = subject(json!({"ids": ["user-1"], "principal_type": "service", "scp": scp,
                                   "scope": "credentials:write"}));
        assert_eq!(found, Ok(service(&[Scope::SecretsRead])));
    }
    assert_eq!(subject(json!({})), Err(TokenRefused::ClaimMissing));
    for wrong in [
        json!({"ids": [7]}),
        json!({"ids": ["alice"], "groups": 1}),
        json!({"ids": ["alice"], "principal_type": "service", "scp": [1]}),
    ] {
        assert_eq!(subject(wrong.clone()), Err(TokenRefused::ClaimMisshapen), "{wrong}");
    }
}

#[test]
fn with_a_role_map_only_mapped_roles_count() {
    let role_map = Some(RoleMap::parse("cn=vault=admin, staff=member").unwrap());
    let rules = TokenRules { role_map, ..base() };
    for (roles, expected) in [
        (json!(["cn=vault"]), vec![Role::Admin]),
        (json!(["staff", "cn=vault", "guest"]), vec![Role::Admin, Role::Member]),
        (json!(["admin", "member", "Staff", "vault"]), vec![]),
    ] {
        assert_eq!(verify(&rules, &json!({"roles": roles})).unwrap().subject, user("user-1", &expected));
    }
}

/// The forms in which providers send roles, and what else they may look like.
#[test]
fn roles_are_read_in_the_forms_of_providers_and_the_others_are_told() {
    let role_map = Some(RoleMap::parse("Vault Admins=admin,staff=member").unwrap());
    let rules = TokenRules { role_map, roles_claim: path("r"), ..base() };
    let (admin, member) = (vec![Role::Admin], vec![Role::Member]);
    for (sent, expected, others) in [
        (json!("Vault Admins"), admin.clone(), vec![]),
        (json!(["Vault Admins"]), admin.clone(), vec![]),
        (json!("staff"), member.clone(), vec![]),
        (json!("offline staff"), vec![], vec!["offline staff"]),
        (json!("guest, Vault Admins ,"), admin.clone(), vec!["guest"]),
        (json!({"Vault Admins": {"1": "acme.example"}, "x": {}, "staff": false}), admin.clone(), vec![]),
        (json!({"staff": true, "Vault Admins": null}), member, vec![]),
        (json!(["Vault Admins, staff"]), vec![], vec!["Vault Admins, staff"]),
        (json!("Vault"), vec![], vec!["Vault"]),
        (json!("admin"), vec![], vec!["admin"]),
        (json!([]), vec![], vec![]),
        (json!(["\u{e4}\n"]), vec![], vec!["??"]),
    ] {
        let found = verify(&rules, &json!({"r": sent})).unwrap();
        assert_eq!(
            (found.subject, found.other_roles),
            (user("user-1", &expected), others.into_iter().map(str::to_owned).collect()),
            "{sent}"
        );
    }
    for wrong in [json!(1), json!([1]), json!([["staff"]]), json!(true)] {
        assert_eq!(verify(&rules, &json!({"r": wrong})), Err(TokenRefused::ClaimMisshapen), "{wrong}");
    }
    let many: Vec<String> = (0..30).map(|n| format!("{n}{}", "x".repeat(100))).collect();
    let told = verify(&rules, &json!({"r": many})).unwrap().other_roles;
    assert!(told.len() == 8 && told.iter().all(|role| role.len() == 64), "{told:?}");
}

/// Both spellings are found in a token: the one that is a name, and the one that is a way.
#[test]
fn what_looks_like_a_path_and_is_none_is_no_claim_of_the_settings() {
    for name in [
        "roles",
        "cognito:groups",
        "https://acme.example/roles",
        "acme.example/roles",
        "urn:x:a.b",
        "groups-all",
        "a b",
    ] {
        assert_eq!(ClaimPath::parse(name).unwrap().to_string(), name);
    }
    for pointer in ["/realm_access/roles", "/realm_access.roles", "/groups/0", "/a~1b.c/d~0"] {
        assert_eq!(ClaimPath::parse(pointer).unwrap().to_string(), pointer);
    }
    for path in
        ["realm_access.roles", "o.id", "app_metadata.org_id", "$.roles", "groups[0]", "realm_access/roles"]
    {
        let rule = ClaimPath::parse(path).unwrap_err().to_string();
        assert!(rule.contains("write a JSON pointer, such as /realm_access/roles"), "{path}: {rule}");
    }
}

#[test]
fn a_claim_of_the_settings_says_whether_a_program_calls() {
    let is_program = |mark: &str, changes: Value| {
        let rules = TokenRules { service_mark: Some(ServiceMark::parse(mark).unwrap()), ..base() };
        verify(&rules, &changes).map(|token| token.subject == service(&[]))
    };
    for (mark, changes, expected) in [
        ("robot", json!({"robot": true}), Ok(true)),
        ("robot", json!({"robot": "service"}), Ok(true)),
        ("robot", json!({"robot": false}), Ok(false)),
        ("robot", json!({"robot": "user"}), Ok(false)),
        ("robot", json!({"principal_type": "service"}), Ok(false)),
        ("robot", json!({"robot": "yes"}), Err(TokenRefused::ClaimMisshapen)),
        ("robot", json!({"robot": 1}), Err(TokenRefused::ClaimMisshapen)),
        ("/a/gty=client-credentials", json!({"a": {"gty": "client-credentials"}}), Ok(true)),
        ("gty=client-credentials", json!({"gty": "password"}), Ok(false)),
        ("gty=client-credentials", json!({"gty": "service"}), Ok(false)),
        ("gty=client-credentials", json!({}), Ok(false)),
        ("gty=client-credentials", json!({"gty": true}), Err(TokenRefused::ClaimMisshapen)),
    ] {
        assert_eq!(is_program(mark, changes.clone()), expected, "{mark} {changes}");
    }
}

#[test]
fn an_issuer_speaks_for_its_kinds_of_principals_only() {
    let (person, program) = (json!({}), json!({"principal_type": "service"}));
    for (text, of_person, of_program) in [
        ("users", Ok(()), Err(TokenRefused::Principal)),
        ("services", Err(TokenRefused::Principal), Ok(())),
        ("users,services", Ok(()), Ok(())),
    ] {
        let principals = Principals::parse(text).unwrap();
        check(
            &TokenRules { principals, ..base() },
            &[(person.clone(), of_person), (program.clone(), of_program)],
        );
    }
}

#[test]
fn a_token_that_lives_longer_than_the_settings_allow_is_refused_at_every_use() {
    let rules = TokenRules { max_lifetime: Some(Duration::from_secs(3600)), ..base() };
    let now = NOW.unix_timestamp();
    check(
        &rules,
        &[
            (json!({"exp": now + 3600 + 60}), Ok(())),
            (json!({"exp": now + 3600 + 61}), Err(TokenRefused::Lifetime)),
            (json!({"exp": now as f64 + 3660.5}), Err(TokenRefused::Lifetime)),
            (json!({"exp": now - 61}), Err(TokenRefused::Expired)),
        ],
    );
    let settings = IssuerSettings { rules, ..Signer::Es.settings() };
    let verifier = JwtVerifier::new(vec![settings]).unwrap();
    let token = Signer::Es.token_of(&Signer::Es.claims_with(json!({"exp": now + 7200})));
    assert_eq!(verifier.judge(&token, NOW + 3539.seconds()), Err(TokenRefused::Lifetime));
    assert!(verifier.judge(&token, NOW + 3540.seconds()).is_ok());
}

#[test]
fn a_name_that_comes_twice_is_refused_at_any_depth() {
    let claims = Signer::Es.claims().to_string();
    let with = |member: &str| claims.replacen('{', &format!("{{{member},"), 1);
    let verifier = JwtVerifier::new(vec![Signer::Es.settings()]).unwrap();
    let verify =
        |claims: &str| verifier.judge(&Signer::Es.token(&Signer::Es.header().to_string(), claims), NOW);
    assert!(verify(&with(r#""a": {"org": "acme", "b": [{"org": 1.5}, null, true, -1]}"#)).is_ok());
    for member in [r#""a": {"org": "acme", "org": "globex"}"#, r#""a": [{"b": {"c": 1, "c": 1}}]"#] {
        assert_eq!(verify(&with(member)), Err(TokenRefused::Malformed), "{member}");
    }
}
