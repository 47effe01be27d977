use std::collections::BTreeMap;

use strongroom_domain::{CredentialType, TestCode};

use super::super::client::run;
use super::super::{World, http_test, submission};
use super::grantee::{Grantee, member};
use crate::{Credentials, OauthBehaviour};

/// The token answer and the fields, as a credential holds them.
fn credential(grantee: &Grantee<'_>, answer: &serde_json::Value) -> Credentials {
    let mut credentials = grantee.values.clone();
    for name in ["access_token", "refresh_token"] {
        let text = member(grantee.requests(), answer, name);
        credentials.extend(text.map(|text| (name.to_owned(), text.into())));
    }
    credentials
}

#[tokio::test]
async fn every_provider_grants_a_credential_that_its_own_rules_and_its_own_test_accept() {
    let world = World::start().await;
    let mut failures = Vec::new();
    for provider in world.grantors() {
        let mut grantee = Grantee::new(&world, provider.clone());
        let kind = grantee.server().credential_type;
        let answer = grantee.granted(&[]).await;
        let token = member(grantee.requests(), &answer, "access_token");
        let Some(token) = token else {
            failures.push(format!("{}: {answer}", provider.id));
            continue;
        };
        assert!(token.to_lowercase().contains("good"), "{}", provider.id);
        assert_eq!(member(grantee.requests(), &answer, "expires_in").as_deref(), Some("3600"));
        let credentials = credential(&grantee, &answer);
        let accepted = provider.accept(kind, submission(&credentials));
        failures.extend(accepted.err().map(|violations| format!("{}: {violations:?}", provider.id)));
        if http_test(&provider).is_some() && provider.can_test(kind, |name| credentials.contains_key(name)) {
            let found = run(world.simulator.address(), &provider, kind, &credentials).await;
            assert_eq!(found, TestCode::Ok, "{}", provider.id);
        }
    }
    assert!(!world.grantors().is_empty() && failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn every_provider_refreshes_with_and_without_rotation() {
    let world = World::start().await;
    for rotate in [false, true] {
        world.simulator.oauth(OauthBehaviour { rotate, ..OauthBehaviour::default() });
        for provider in world.grantors() {
            let mut grantee = Grantee::new(&world, provider.clone());
            let answer = grantee.granted(&[]).await;
            let Some(token) = member(grantee.requests(), &answer, "refresh_token") else {
                let kind = grantee.server().credential_type;
                assert!(
                    !provider.fields_of(kind).any(|field| field.name == "refresh_token"),
                    "{}",
                    provider.id
                );
                continue;
            };
            let refreshed = grantee.refresh(&token).await;
            let (server, name) = (grantee.requests(), "access_token");
            let (before, after) = (member(server, &answer, name), member(server, &refreshed, name));
            assert!(after.is_some() && before != after, "{}: {refreshed}", provider.id);
            let next = member(server, &refreshed, "refresh_token");
            assert_eq!(next.is_some_and(|next| next != token), rotate, "{}", provider.id);
        }
    }
}

#[tokio::test]
async fn every_provider_says_whose_account_it_is() {
    let world = World::start().await;
    let mut tried = 0;
    for provider in world.grantors() {
        let mut grantee = Grantee::new(&world, provider.clone());
        let Some(lookup) = grantee.requests().account.clone() else { continue };
        let answer = grantee.granted(&[("login_hint", "bob@example.com")]).await;
        let found = if lookup.endpoint.is_some() {
            let token = member(grantee.requests(), &answer, "access_token").unwrap();
            let (status, body) = grantee.account(&token).await;
            assert_eq!(status, 200, "{}: {body}", provider.id);
            assert_eq!(grantee.account("good-but-unknown").await.0, 401, "{}", provider.id);
            body
        } else {
            answer
        };
        assert_eq!(found.pointer(&lookup.id[0]).unwrap(), "id:bob@example.com", "{}", provider.id);
        if let Some(name) = lookup.name.first().filter(|name| **name != lookup.id[0]) {
            assert_eq!(found.pointer(name).unwrap(), "bob@example.com", "{}", provider.id);
        }
        tried += 1;
    }
    assert!(tried > 0);
}

#[tokio::test]
async fn every_provider_with_client_credentials_gives_a_token_for_them() {
    let world = World::start().await;
    let mut tried = 0;
    for provider in world.all() {
        if provider.oauth.as_ref().is_none_or(|server| server.client_credentials.is_none()) {
            continue;
        }
        let mut grantee = Grantee::of_type(&world, provider.clone(), CredentialType::ClientCredentials);
        let answer = grantee.client_credentials().await;
        let token = member(grantee.requests(), &answer, "access_token");
        assert!(
            token.is_some_and(|token| token.to_lowercase().contains("good")),
            "{}: {answer}",
            provider.id
        );
        grantee.secret = "a-Bad-secret".to_owned();
        let refused = grantee.client_credentials().await;
        assert_eq!((&refused["http"], &refused["error"]), (&401.into(), &"invalid_client".into()));
        tried += 1;
    }
    assert!(tried > 0);
}

#[tokio::test]
async fn a_revoked_token_is_dead_with_all_of_its_grant() {
    let world = World::start().await;
    let mut tried = 0;
    for provider in world.grantors() {
        let mut grantee = Grantee::new(&world, provider.clone());
        if grantee.requests().revoke.is_none() {
            continue;
        }
        let answer = grantee.granted(&[]).await;
        let token = member(grantee.requests(), &answer, "access_token").unwrap();
        let before = world.simulator.oauth_counts().revoked_tokens;
        assert_eq!(grantee.revoke(&token).await, 200, "{}", provider.id);
        assert!(world.simulator.oauth_counts().revoked_tokens > before);
        assert_eq!(grantee.revoke("unknown").await, 200);
        if let Some(refresh) = member(grantee.requests(), &answer, "refresh_token") {
            assert_eq!(grantee.refresh(&refresh).await["error"], "invalid_grant", "{}", provider.id);
        }
        tried += 1;
    }
    assert!(tried > 0);
}

#[tokio::test]
async fn the_code_comes_with_state_issuer_and_the_fields_of_the_file() {
    let world = World::start().await;
    for provider in world.grantors() {
        let grantee = Grantee::new(&world, provider.clone());
        let back = grantee.authorize(&[]).await;
        assert_eq!(back["state"], "a-state");
        let issuer = grantee.requests().issuer.as_ref().map(|issuer| grantee.text(issuer).unwrap());
        assert_eq!(back.get("iss").cloned(), issuer, "{}", provider.id);
        for parameter in grantee.server().callback_fields.values() {
            assert!(!back[parameter].is_empty(), "{}", provider.id);
        }
    }
}

#[tokio::test]
async fn the_scope_deny_is_refused_by_the_person() {
    let world = World::start().await;
    let grantee = Grantee::named(&world, "google");
    let back = grantee.authorize(&[("scope", "openid deny")]).await;
    let expected = [("error", "access_denied"), ("state", "a-state")];
    let mut back: BTreeMap<_, _> = back.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    back.remove("iss");
    assert_eq!(back, BTreeMap::from(expected));
}

#[tokio::test]
async fn a_word_in_the_account_goes_into_its_tokens() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "github");
    let answer = grantee.granted(&[("login_hint", "denied@example.com")]).await;
    let credentials = credential(&grantee, &answer);
    let kind = grantee.server().credential_type;
    let found = run(world.simulator.address(), &grantee.provider, kind, &credentials).await;
    assert_eq!(found, TestCode::Insufficient);
}

#[tokio::test]
async fn a_test_refuses_a_token_that_has_ended() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "github");
    let answer = grantee.granted(&[]).await;
    let credentials = credential(&grantee, &answer);
    let kind = grantee.server().credential_type;
    world.simulator.expire_access_tokens();
    let found = run(world.simulator.address(), &grantee.provider, kind, &credentials).await;
    assert_eq!(found, TestCode::AuthRejected);
}
