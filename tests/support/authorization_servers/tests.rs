//! Tests that the servers behave as expected, without Strongroom.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;
use url::{Url, form_urlencoded};

use super::super::World;
use super::{
    Browser, CLIENT_ID, CLIENT_SECRET, Fault, MockServer, NodeServer, OidcServer, parameter, with_app,
};

// The verifier and its challenge are from RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:1/integrations/acme_id/callback";
const HOUR: Duration = Duration::from_secs(3_600);

fn authorization_url(server: &NodeServer, other: &[(&str, &str)]) -> String {
    let mut pairs = BTreeMap::from([
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT),
        ("state", "a-state"),
        ("scope", "openid email"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    pairs.extend(other.iter().copied());
    pairs.retain(|_, value| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{}/authorize?{query}", server.issuer())
}

async fn post(server: &NodeServer, path: &str, form: &[(&str, &str)]) -> reqwest::Result<(u16, Value)> {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET)));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = server.http.post(format!("{}/{path}", server.issuer())).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.header("authorization", format!("Basic {pair}")).send().await?;
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or_default()))
}

async fn redeem(server: &NodeServer, back: &Url, verifier: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &parameter(back, "code").unwrap()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier),
    ];
    post(server, "token", &form).await.unwrap()
}

async fn refresh(server: &NodeServer, token: &Value) -> (u16, Value) {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
    post(server, "token", &form).await.unwrap()
}

async fn userinfo(server: &NodeServer, token: &Value) -> (u16, Value) {
    let request = server.http.get(format!("{}/userinfo", server.issuer()));
    let answer = request.bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The tokens of a new grant.
async fn granted(server: &NodeServer) -> Value {
    let back = Browser::default().follow(&authorization_url(server, &[])).await;
    let (status, tokens) = redeem(server, &back, VERIFIER).await;
    assert_eq!(status, 200, "{}", tokens["error"]);
    tokens
}

#[tokio::test]
async fn a_person_grants_and_the_code_is_bound_to_its_verifier() {
    let server = OidcServer::start(HOUR);
    let mut browser = Browser::default();
    let back = browser.follow_as(&authorization_url(&server, &[]), "bob@example.com").await;
    assert_eq!(parameter(&back, "state").as_deref(), Some("a-state"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some(server.issuer()));
    let (status, refused) = redeem(&server, &back, &VERIFIER.replace('d', "e")).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));

    // The same browser is used for another account.
    let back = browser.follow_as(&authorization_url(&server, &[]), "carol@example.com").await;
    let (status, tokens) = redeem(&server, &back, VERIFIER).await;
    assert_eq!((status, &tokens["expires_in"]), (200, &json!(3_600)));
    let account = json!({ "sub": "user:carol@example.com", "email": "carol@example.com" });
    assert_eq!(userinfo(&server, &tokens["access_token"]).await, (200, account));
    let counts = server.counts().await;
    assert_eq!((counts.authorize, counts.token_requests("authorization_code"), counts.userinfo), (2, 2, 1));
}

#[tokio::test]
async fn without_pkce_there_is_no_code_and_the_scope_deny_is_refused() {
    let server = OidcServer::start(HOUR);
    for (other, error) in [
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (vec![("scope", "openid deny")], "access_denied"),
    ] {
        let back = Browser::default().follow(&authorization_url(&server, &other)).await;
        assert_eq!(parameter(&back, "error").as_deref(), Some(error));
        assert_eq!(parameter(&back, "code"), None);
    }
    let mock = MockServer::start(HOUR);
    let back = Browser::default().follow(&authorization_url(&mock, &[("scope", "openid deny")])).await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn reuse_of_a_rotated_refresh_token_ends_the_grant_and_no_other() {
    let server = OidcServer::start(HOUR);
    let (first, other) = (granted(&server).await, granted(&server).await);
    let (status, second) = refresh(&server, &first["refresh_token"]).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);

    let (status, refused) = refresh(&server, &first["refresh_token"]).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    let (status, refused) = refresh(&server, &second["refresh_token"]).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    assert_eq!(userinfo(&server, &second["access_token"]).await.0, 401);

    assert_eq!(refresh(&server, &other["refresh_token"]).await.0, 200);
    let counts = server.counts().await;
    assert_eq!((counts.reuses, counts.revoked_grants, counts.token_requests("refresh_token")), (1, 1, 4));
}

#[tokio::test]
async fn the_mock_keeps_refresh_tokens_and_its_answers_can_be_rewritten() {
    let server = MockServer::start(HOUR);
    let tokens = granted(&server).await;
    for _ in 0..2 {
        let (status, again) = refresh(&server, &tokens["refresh_token"]).await;
        assert_eq!((status, again.get("refresh_token")), (200, None));
        assert_eq!(userinfo(&server, &again["access_token"]).await.1["email"], "alice@example.com");
    }
    server.patch_next(200, json!({ "expires_in": "77", "access_token": null }), 1).await;
    let (_, patched) = refresh(&server, &tokens["refresh_token"]).await;
    assert_eq!((&patched["expires_in"], patched.get("access_token")), (&json!("77"), None));
    assert_eq!(refresh(&server, &tokens["refresh_token"]).await.1["expires_in"], 3_600);
}

/// Checks revocation, early ends and client credentials, which both servers support.
async fn ends(server: &NodeServer) {
    let tokens = granted(server).await;
    server.expire_access_tokens().await;
    assert_eq!(userinfo(server, &tokens["access_token"]).await.0, 401);
    let tokens = granted(server).await;
    let form = [("token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(post(server, "revoke", &form).await.unwrap().0, 200);
    assert_eq!(refresh(server, &tokens["refresh_token"]).await.1["error"], "invalid_grant");
    assert_eq!((server.counts().await.revoke, server.counts().await.revoked_grants), (1, 1));

    let tokens = granted(server).await;
    server.revoke_grants().await;
    assert_eq!(userinfo(server, &tokens["access_token"]).await.0, 401);
    assert_eq!(refresh(server, &tokens["refresh_token"]).await.1["error"], "invalid_grant");
    let (status, answer) = post(server, "token", &[("grant_type", "client_credentials")]).await.unwrap();
    assert_eq!(status, 200);
    assert!(answer["access_token"].is_string());
}

#[tokio::test]
async fn tokens_end_when_they_are_told_to() {
    ends(&OidcServer::start(HOUR)).await;
    ends(&MockServer::start(HOUR)).await;
}

#[tokio::test]
async fn faults_are_for_the_next_token_answers_only_and_some_of_them_are_served() {
    let server = OidcServer::start(HOUR);
    let mut token = granted(&server).await["refresh_token"].clone();
    for fault in [Fault::Unavailable, Fault::TooManyRequests(3), Fault::Html] {
        server.fail_next(fault, 1).await;
        let (_, spoiled) = refresh(&server, &token).await;
        assert_eq!(spoiled.get("access_token"), None, "{fault:?}");
    }
    server.fail_next(Fault::Delay(Duration::from_millis(50)), 1).await;
    token = refresh(&server, &token).await.1["refresh_token"].clone();
    assert!(token.is_string(), "the request was served");

    server.fail_next(Fault::Truncated, 1).await;
    assert_eq!(refresh(&server, &token).await, (200, Value::Null));
    assert_eq!(refresh(&server, &token).await.1["error"], "invalid_grant");

    let token = granted(&server).await["refresh_token"].clone();
    server.fail_next(Fault::HangUp, 1).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
    assert!(post(&server, "token", &form).await.is_err());
    assert_eq!(refresh(&server, &token).await.1["error"], "invalid_grant");
    let counts = server.counts().await;
    assert_eq!((counts.spoiled, counts.reuses, counts.revoked_grants), (6, 2, 2));

    server.fail_next(Fault::Unavailable, 5).await;
    server.fail_next(Fault::Unavailable, 0).await;
    granted(&server).await;
}

#[test]
fn the_provider_files_are_ones_that_the_catalog_takes() {
    let (server, other) = (OidcServer::start(HOUR), MockServer::start(HOUR));
    let world = with_app(server.set(World::embedded()), "acme_two");
    let folder = world.setup.variable("STRONGROOM_CATALOG__DIR").unwrap();
    other.write_provider(Path::new(folder), "acme_two");
    world.setup.must(&["catalog", "check", folder]);
}
