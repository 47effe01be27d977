//! Tests of the contents of valid tokens, the leeway in time, and the tokens of the local issuer.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use strongroom_domain::{OrganizationId, Role, Scope, UserId};
use strongroom_environment::{TokenRefused, TokenSubject};
use strongroom_environment_system::LocalIssuer;
use strongroom_environment_system::tokens::TokenIssueError;
use time::ext::NumericalDuration;

use crate::forge::{Judge as _, NOW, SECRET, SIGNERS, Signer, merged, verifier};

pub(crate) fn user(id: &str, roles: &[Role]) -> TokenSubject {
    TokenSubject::User(UserId::parse(id).unwrap(), roles.iter().copied().collect())
}

#[test]
fn a_valid_token_of_each_algorithm_is_accepted() {
    for signer in SIGNERS {
        let verified = verifier().judge(&signer.valid(), NOW).unwrap();
        assert_eq!(verified.issuer, signer.name());
        assert_eq!(verified.organization.as_str(), "acme");
        assert_eq!(verified.subject, user("user-1", &[Role::Member]));
    }
}

#[test]
fn harmless_variations_are_accepted() {
    let now = NOW.unix_timestamp();
    for signer in SIGNERS {
        for change in [
            json!({"aud": ["other", "strongroom"]}),
            json!({"exp": now as f64 + 0.5}),
            json!({"extra": {"deep": [1, null]}, "scope": ["openid"]}),
            json!({"principal_type": "user"}),
            json!({"tenant_id": 7}),
        ] {
            let token = signer.token_of(&signer.claims_with(change.clone()));
            assert!(verifier().judge(&token, NOW).is_ok(), "{signer:?} {change}");
        }
        for change in
            [json!({"typ": "at+jwt"}), json!({"typ": "AT+JWT"}), json!({"typ": "jwt"}), json!({"cty": "x"})]
        {
            let token = signer.token_under(&merged(signer.header(), change.clone()));
            assert!(verifier().judge(&token, NOW).is_ok(), "{signer:?} {change}");
        }
        let mut header = signer.header();
        header.as_object_mut().unwrap().retain(|name, _| name == "alg");
        assert!(verifier().judge(&signer.token_under(&header), NOW).is_ok(), "{signer:?} alone");
    }
}

#[test]
fn a_token_is_accepted_up_to_sixty_seconds_on_either_side_and_not_a_nanosecond_longer() {
    let base = NOW.unix_timestamp();
    for signer in SIGNERS {
        let check = |claims, now| verifier().judge(&signer.token_of(&signer.claims_with(claims)), now);
        let expires = json!({"exp": base});
        assert!(check(expires.clone(), NOW + 60.seconds()).is_ok());
        assert_eq!(check(expires, NOW + 60.seconds() + 1.nanoseconds()), Err(TokenRefused::Expired));
        for name in ["nbf", "iat"] {
            let starts = json!({name: base});
            assert!(check(starts.clone(), NOW - 60.seconds()).is_ok() || name == "nbf");
            let starts = json!({"nbf": base - 3600, "iat": base - 3600, name: base});
            assert!(check(starts.clone(), NOW - 60.seconds()).is_ok());
            assert_eq!(check(starts, NOW - 60.seconds() - 1.nanoseconds()), Err(TokenRefused::NotYetValid));
        }
    }
}

#[test]
fn refusals_say_why() {
    let signer = Signer::Es;
    let refused = |token: &str| verifier().judge(token, NOW).unwrap_err();
    let of = |changes| refused(&signer.token_of(&signer.claims_with(changes)));
    assert_eq!(refused("a.b"), TokenRefused::Malformed);
    assert_eq!(of(json!({"iss": "https://evil.example"})), TokenRefused::Issuer);
    assert_eq!(of(json!({"aud": "other"})), TokenRefused::Audience);
    assert_eq!(of(json!({"exp": 1})), TokenRefused::Expired);
    assert_eq!(of(json!({"exp": null})), TokenRefused::ClaimMisshapen);
    let under = |changes| refused(&signer.token_under(&merged(signer.header(), changes)));
    assert_eq!(under(json!({"kid": "es-2"})), TokenRefused::Key);
    assert_eq!(under(json!({"alg": "none"})), TokenRefused::Algorithm);
    assert_eq!(under(json!({"crit": ["x"]})), TokenRefused::Header);
    let other = Signer::Ed.token(&signer.header().to_string(), &signer.claims().to_string());
    assert_eq!(refused(&other), TokenRefused::Signature);
}

#[test]
fn roles_come_from_the_array_and_the_string_and_unknown_ones_grant_nothing() {
    for (claims, roles) in [
        (json!({"roles": ["admin", "member", "owner"]}), vec![Role::Admin, Role::Member]),
        (json!({"roles": ["owner", "ADMIN", ""]}), vec![]),
        (json!({"roles": [], "role": "admin"}), vec![Role::Admin]),
        (json!({"roles": ["member"], "role": "root"}), vec![Role::Member]),
    ] {
        let token = Signer::Hs.token_of(&Signer::Hs.claims_with(claims));
        assert_eq!(verifier().judge(&token, NOW).unwrap().subject, user("user-1", &roles));
    }
    let token = Signer::Hs.token_of(&Signer::Hs.claims_without("roles"));
    assert_eq!(verifier().judge(&token, NOW).unwrap().subject, user("user-1", &[]));
}

#[test]
fn a_service_token_has_scopes_and_no_roles() {
    let id = UserId::parse("user-1").unwrap();
    let wide = json!({"principal_type": "service", "roles": ["admin"], "scope": "secrets:read  openid credentials:read"});
    for (claims, scopes) in [
        (wide, vec![Scope::CredentialsRead, Scope::SecretsRead]),
        (json!({"principal_type": "service", "scope": ""}), vec![]),
        (json!({"principal_type": "service"}), vec![]),
    ] {
        let token = Signer::Rs.token_of(&Signer::Rs.claims_with(claims));
        let expected = TokenSubject::Service(id.clone(), scopes.into_iter().collect());
        assert_eq!(verifier().judge(&token, NOW).unwrap().subject, expected);
    }
    for scope in [json!(null), json!(["secrets:read"]), json!(1)] {
        let claims = Signer::Rs.claims_with(json!({"principal_type": "service", "scope": scope}));
        assert_eq!(verifier().judge(&Signer::Rs.token_of(&claims), NOW), Err(TokenRefused::ClaimMisshapen));
    }
}

#[test]
fn the_organisation_is_org_id_else_tenant_id() {
    let verified = |claims| verifier().judge(&Signer::Es.token_of(&claims), NOW).map(|v| v.organization);
    let both = Signer::Es.claims_with(json!({"tenant_id": "globex"}));
    assert_eq!(verified(both).unwrap().as_str(), "acme");
    let tenant = merged(Signer::Es.claims_without("org_id"), json!({"tenant_id": "globex"}));
    assert_eq!(verified(tenant).unwrap().as_str(), "globex");
    let null = Signer::Es.claims_with(json!({"org_id": null, "tenant_id": "globex"}));
    assert_eq!(verified(null), Err(TokenRefused::ClaimMisshapen));
    let system = Signer::Es.claims_with(json!({"org_id": "~system"}));
    assert_eq!(verified(system), Err(TokenRefused::ClaimMisshapen));
}

#[test]
fn a_token_of_the_local_issuer_is_accepted_until_its_time_is_over() {
    let issuer = LocalIssuer::new(Signer::Hs.iss(), "strongroom".to_owned(), SECRET).unwrap();
    let organization = OrganizationId::parse("acme").unwrap();
    let id = UserId::parse("alice@acme.example").unwrap();
    let issue = |ttl| issuer.issue(&organization, &id, &BTreeSet::from([Role::Admin]), NOW, ttl);
    for seconds in [1, 3600, 24 * 3600] {
        let token = issue(Duration::from_secs(seconds)).unwrap();
        let verified = verifier().judge(&token, NOW).unwrap();
        assert_eq!((verified.issuer.as_str(), verified.organization), ("hs", organization.clone()));
        assert_eq!(verified.subject, user("alice@acme.example", &[Role::Admin]));
        let end = NOW + Duration::from_secs(seconds) + 60.seconds();
        assert!(verifier().judge(&token, end).is_ok());
        assert_eq!(verifier().judge(&token, end + 1.seconds()), Err(TokenRefused::Expired));
    }
    for ttl in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(24 * 3600 + 1), Duration::MAX]
    {
        assert_eq!(issue(ttl), Err(TokenIssueError::Ttl));
    }
}
