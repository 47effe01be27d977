//! Requests that differ from the file, and clients that pretend to be others.

use super::super::World;
use super::grantee::{Grantee, Pairs, pairs, replaced};

/// Checks that the answer is 400, names the mistake, and holds no value that was sent.
fn told(world: &World, status: u16, body: &[u8], says: &str) {
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("\"simulator\"") && body.contains(says), "{says}: {body}");
    assert!(!body.contains("s:1"), "{body}");
    assert!(world.simulator.requests().pop().unwrap().mistake.unwrap().contains(says));
}

#[tokio::test]
async fn an_authorization_request_that_differs_is_told_where() {
    let world = World::start().await;
    let grantee = Grantee::named(&world, "google");
    let rows: [(&[(&str, &str)], &str); 9] = [
        (&[("response_type", "token")], "`response_type` is not code"),
        (&[("client_id", "")], "`client_id` is missing or empty"),
        (&[("redirect_uri", "/callback")], "`redirect_uri` is not an absolute URL"),
        (&[("redirect_uri", "http://127.0.0.1/x#y")], "`redirect_uri` is not an absolute URL"),
        (&[("state", "")], "`state` is missing or empty"),
        (&[("code_challenge_method", "plain")], "`code_challenge_method` is not S256"),
        (&[("code_challenge", "too-short")], "`code_challenge` is no S256 challenge"),
        (&[("access_type", "online")], "`access_type` differs"),
        (&[("client_secret", "s:1")], "that the file does not have"),
    ];
    for (other, says) in rows {
        let answer = grantee.send_authorization(&replaced(grantee.authorization(), other)).await;
        told(&world, answer.status.as_u16(), &answer.body, says);
    }
    let mut twice = grantee.authorization();
    twice.extend(pairs([("state", "b")]));
    let answer = grantee.send_authorization(&twice).await;
    told(&world, answer.status.as_u16(), &answer.body, "twice");
}

/// Spoils a token request, and checks that the answer names the mistake.
async fn refused(grantee: &Grantee<'_>, spoil: impl Fn(&mut super::super::client::Outgoing), says: &str) {
    let (endpoint, body) = grantee.refreshing("unknown");
    let requests = grantee.requests();
    let mut outgoing = grantee.post(endpoint, body, requests.client_authentication, requests.json_request);
    spoil(&mut outgoing);
    let answer = grantee.send(outgoing).await;
    told(grantee.world, answer.status.as_u16(), &answer.body, says);
}

#[tokio::test]
async fn a_client_secret_in_the_wrong_place_is_refused() {
    use strongroom_declared_http::ClientAuthentication;
    let world = World::start().await;
    let mut seen = Vec::new();
    for provider in world.grantors() {
        let grantee = Grantee::new(&world, provider);
        let how = grantee.requests().client_authentication;
        refused(&grantee, |request| request.query = "client_secret=s:1".to_owned(), "in the URL").await;
        match how {
            ClientAuthentication::Basic => {
                let no_header = |request: &mut super::super::client::Outgoing| {
                    request.headers.retain(|(name, _)| name != "authorization");
                };
                refused(&grantee, no_header, "not in the header").await;
                if !grantee.requests().json_request {
                    let says = "the client secret is in the body";
                    refused(&grantee, |request| request.body.push_str("&client_secret=s:1"), says).await;
                }
            }
            ClientAuthentication::Body => {
                let both = ("authorization".to_owned(), "Basic czoxOnM6MQ==".to_owned());
                refused(&grantee, |request| request.headers.push(both.clone()), "there is a header").await;
            }
        }
        if !seen.contains(&how) {
            seen.push(how);
        }
    }
    assert_eq!(seen.len(), 2, "both ways are in use");
}

#[tokio::test]
async fn a_token_request_that_differs_is_told_where() {
    let world = World::start().await;
    let grantee = Grantee::named(&world, "google");
    refused(&grantee, |request| request.method = "GET".to_owned(), "the method is not POST").await;
    refused(&grantee, |request| request.body.push_str("&more=1"), "that the file does not have").await;
    refused(&grantee, |request| request.path.push('x'), "the path differs").await;
    refused(
        &grantee,
        |request| request.body = request.body.replace("refresh_token&", "password&"),
        "`grant_type`",
    )
    .await;
    let as_text = |request: &mut super::super::client::Outgoing| {
        request.headers.retain(|(name, _)| name != "content-type");
    };
    refused(&grantee, as_text, "not sent as a form").await;
    assert_eq!(world.simulator.oauth_counts().token_requests_of("refresh_token"), 3);
    assert_eq!(world.simulator.oauth_counts().token_requests_of("other"), 2);
}

#[tokio::test]
async fn a_place_that_the_file_does_not_have_is_refused() {
    let world = World::start().await;
    let grantee = Grantee::named(&world, "google");
    for (path, status) in [
        ("/oauth/google/token", 404),
        ("/oauth/google/device/oauth2.googleapis.com/token", 404),
        ("/oauth/nobody/token/oauth2.googleapis.com/token", 404),
        ("/oauth/sftp/token/oauth2.googleapis.com/token", 404),
        ("/oauth/google/token/evil.example.com/token", 400),
    ] {
        let (endpoint, body) = grantee.refreshing("unknown");
        let mut outgoing = grantee.post(endpoint, body, grantee.requests().client_authentication, false);
        outgoing.path = path.to_owned();
        assert_eq!(grantee.send(outgoing).await.status.as_u16(), status, "{path}");
    }
}

/// Exchanges a code with one changed value that the code is bound to.
async fn code_with(other: &[(&str, &str)]) -> (u64, serde_json::Value) {
    let world = World::start().await;
    let grantee = Grantee::named(&world, "google");
    let back = grantee.authorize(&[]).await;
    let requests = grantee.requests();
    let body: Pairs = pairs([
        ("grant_type", "authorization_code"),
        ("code", &back["code"]),
        ("redirect_uri", super::grantee::REDIRECT),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ]);
    let body = replaced(body, other);
    let answer = grantee.ask(&requests.token, body, requests.client_authentication).await;
    (world.simulator.oauth_counts().token_requests_of("authorization_code"), answer)
}

#[tokio::test]
async fn a_code_is_bound_to_its_redirect_uri_its_verifier_and_its_client() {
    assert!(code_with(&[]).await.1["access_token"].is_string());
    for other in [
        [("redirect_uri", "http://127.0.0.1:8080/integrations/other/callback")],
        [("code_verifier", "another-verifier-another-verifier-another-1")],
        [("code", "code-1")],
    ] {
        let (requests, answer) = code_with(&other).await;
        assert_eq!((requests, &answer["error"]), (1, &"invalid_grant".into()), "{other:?}");
    }
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "google");
    let back = grantee.authorize(&[]).await;
    grantee.client_id = "another".to_owned();
    assert_eq!(grantee.redeem(&back).await["error"], "invalid_grant");
    // A code of one provider is not valid at another.
    let back = Grantee::named(&world, "google").authorize(&[]).await;
    assert_eq!(Grantee::named(&world, "microsoft").redeem(&back).await["error"], "invalid_grant");
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "google");
    let back = grantee.authorize(&[]).await;
    let answer = grantee.redeem(&back).await;
    assert_eq!(grantee.redeem(&back).await["error"], "invalid_grant");
    let token = answer["refresh_token"].as_str().unwrap();
    assert_eq!(grantee.refresh(token).await["error"], "invalid_grant");
    assert_eq!(grantee.account(answer["access_token"].as_str().unwrap()).await.0, 401);
    assert_eq!(world.simulator.oauth_counts().revoked_tokens, 2);
}

#[tokio::test]
async fn a_bad_client_secret_is_an_error_of_the_app() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "google");
    let back = grantee.authorize(&[]).await;
    grantee.secret = "a-bad-secret".to_owned();
    let refused = grantee.redeem(&back).await;
    assert_eq!((&refused["http"], &refused["error"]), (&401.into(), &"invalid_client".into()));
    // The code is still valid.
    grantee.secret = "a-good-secret".to_owned();
    assert!(grantee.redeem(&back).await["access_token"].is_string());
}
