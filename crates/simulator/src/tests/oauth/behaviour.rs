//! Rotation, grace periods, ends of tokens, and servers that misbehave.

use std::time::Duration;

use strongroom_declared_http::Endpoint;
use tokio::time::Instant;

use super::super::World;
use super::super::client::{bytes, raw};
use super::grantee::{Grantee, Pairs};
use crate::{OauthBehaviour, OauthFault};

fn text(answer: &serde_json::Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("{name} is not in {answer}")).to_owned()
}

fn rotating() -> OauthBehaviour {
    OauthBehaviour { rotate: true, ..OauthBehaviour::default() }
}

#[tokio::test]
async fn a_rotated_refresh_token_that_comes_again_ends_the_whole_grant() {
    let world = World::start().await;
    world.simulator.oauth(rotating());
    let mut grantee = Grantee::named(&world, "google");
    let first = text(&grantee.granted(&[]).await, "refresh_token");
    let second = grantee.refresh(&first).await;
    assert_eq!(grantee.refresh(&first).await["error"], "invalid_grant");
    assert_eq!(grantee.refresh(&text(&second, "refresh_token")).await["error"], "invalid_grant");
    assert_eq!(grantee.account(&text(&second, "access_token")).await.0, 401);
    let counts = world.simulator.oauth_counts();
    assert_eq!((counts.reuses, counts.revoked_tokens), (1, 3));
    assert_eq!(counts.token_requests_of("refresh_token"), 3);
    assert_eq!((counts.authorizations, counts.account_lookups), (1, 1));
}

#[tokio::test]
async fn without_the_revocation_of_families_only_the_old_token_is_refused() {
    let world = World::start().await;
    world.simulator.oauth(OauthBehaviour { reuse_revokes_family: false, ..rotating() });
    let mut grantee = Grantee::named(&world, "google");
    let first = text(&grantee.granted(&[]).await, "refresh_token");
    let second = text(&grantee.refresh(&first).await, "refresh_token");
    assert_eq!(grantee.refresh(&first).await["error"], "invalid_grant");
    assert!(grantee.refresh(&second).await["access_token"].is_string());
    assert_eq!(world.simulator.oauth_counts().revoked_tokens, 0);
}

#[tokio::test]
async fn within_the_grace_a_rotated_token_gets_the_same_answer_once_more() {
    let world = World::start().await;
    world.simulator.oauth(OauthBehaviour { grace: Some(Duration::from_secs(60)), ..rotating() });
    let mut grantee = Grantee::named(&world, "google");
    let first = text(&grantee.granted(&[]).await, "refresh_token");
    let second = grantee.refresh(&first).await;
    assert_eq!(grantee.refresh(&first).await, second);
    assert_eq!(grantee.refresh(&first).await["error"], "invalid_grant");
    assert_eq!(world.simulator.oauth_counts().reuses, 1);
}

#[tokio::test]
async fn tokens_end_when_they_should() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "google");
    world.simulator.oauth(OauthBehaviour { lifetime_s: Some(0), ..OauthBehaviour::default() });
    let ended = grantee.granted(&[]).await;
    assert_eq!(ended["expires_in"], 0);
    assert_eq!(grantee.account(&text(&ended, "access_token")).await.0, 401);

    world.simulator.oauth(OauthBehaviour { lifetime_s: None, ..OauthBehaviour::default() });
    let endless = grantee.refresh(&text(&ended, "refresh_token")).await;
    assert_eq!(endless.get("expires_in"), None);
    assert_eq!(grantee.account(&text(&endless, "access_token")).await.0, 200);

    world.simulator.expire_access_tokens();
    assert_eq!(grantee.account(&text(&endless, "access_token")).await.0, 401);
    let refreshed = grantee.refresh(&text(&ended, "refresh_token")).await;
    assert_eq!(grantee.account(&text(&refreshed, "access_token")).await.0, 200);

    world.simulator.revoke_grants();
    assert_eq!(grantee.account(&text(&refreshed, "access_token")).await.0, 401);
    assert_eq!(grantee.refresh(&text(&ended, "refresh_token")).await["error"], "invalid_grant");
}

/// The bytes of the answer to a refresh.
async fn refreshed(grantee: &Grantee<'_>, (endpoint, body): (&Endpoint, Pairs)) -> Vec<u8> {
    let outgoing = grantee.post(endpoint, body, grantee.requests().client_authentication, false);
    raw(grantee.world.simulator.address(), &bytes(&outgoing)).await
}

#[tokio::test]
async fn a_fault_before_the_request_is_served_keeps_the_refresh_token() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "google");
    let token = text(&grantee.granted(&[]).await, "refresh_token");
    for (fault, status, has) in [
        (OauthFault::Unavailable503, "HTTP/1.1 503 ", "text/plain"),
        (OauthFault::TooManyRequests { retry_after: 7 }, "HTTP/1.1 429 ", "Retry-After: 7"),
        (OauthFault::Html200, "HTTP/1.1 200 ", "<!doctype html>"),
    ] {
        world.simulator.oauth(OauthBehaviour { fault: Some(fault), ..rotating() });
        let answer = String::from_utf8(refreshed(&grantee, grantee.refreshing(&token)).await).unwrap();
        assert!(answer.starts_with(status) && answer.contains(has), "{fault:?}");
    }
    world.simulator.oauth(rotating());
    assert!(grantee.refresh(&token).await["access_token"].is_string());
    assert_eq!(world.simulator.oauth_counts().token_requests_of("refresh_token"), 4);
}

#[tokio::test]
async fn a_fault_after_the_request_is_served_has_replaced_the_refresh_token() {
    for fault in [OauthFault::TruncatedJson, OauthFault::HangUpAfterReading] {
        let world = World::start().await;
        let mut grantee = Grantee::named(&world, "google");
        let token = text(&grantee.granted(&[]).await, "refresh_token");
        world.simulator.oauth(OauthBehaviour { fault: Some(fault), ..rotating() });
        let answer = refreshed(&grantee, grantee.refreshing(&token)).await;
        let nothing = fault == OauthFault::HangUpAfterReading;
        assert_eq!(answer.is_empty(), nothing);
        assert!(nothing || (answer.starts_with(b"HTTP/1.1 200 ") && !answer.ends_with(b"}")));
        world.simulator.oauth(rotating());
        assert_eq!(grantee.refresh(&token).await["error"], "invalid_grant");
        assert_eq!(world.simulator.oauth_counts().reuses, 1);
    }
}

#[tokio::test]
async fn a_delay_holds_the_answer_back_and_not_the_request() {
    let world = World::start().await;
    let mut grantee = Grantee::named(&world, "google");
    let token = text(&grantee.granted(&[]).await, "refresh_token");
    let delay = Duration::from_millis(300);
    world.simulator.oauth(OauthBehaviour { delay, ..OauthBehaviour::default() });
    let began = Instant::now();
    assert!(grantee.refresh(&token).await["access_token"].is_string());
    assert!(began.elapsed() >= delay);
}
