//! Tests of providers that are away, overloaded or broken (security.md 5.7): no credential is lost because of
//! that.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{HOUR, admin, ends_in, expire, granted, refreshes, robot, secrets, until};
use crate::support::authorization_servers::{Fault, MockServer, OidcServer, PROVIDER};
use crate::support::{Client, Server, World, count};

async fn status(client: &Client, id: &str) -> String {
    let shown = client.get(&format!("/integrations/credentials/{id}")).await.json();
    shown["status"].as_str().unwrap().to_owned()
}

/// Reads until a read succeeds, within `limit`.
async fn recovered(client: &Client, id: &str, limit: Duration) {
    until(limit, "the credential does not come back", async || client.get(&secrets(id)).await.status == 200)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_passing_fault_leaves_the_credential_alive() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    // What is made of each of them is tested at the adapter; all of them come in the full run.
    let faults =
        [Fault::Truncated, Fault::TooManyRequests(2), Fault::Html, Fault::Unavailable, Fault::HangUp];
    for fault in faults.into_iter().take(count(2, 5)) {
        provider.fail_next(fault, 1_000).await;
        ends_in(&world, 90);
        let read = robot.get(&secrets(&id)).await;
        assert_eq!(read.status, 200, "{fault:?}: a valid token is served: {}", read.text);
        expire(&world);
        let read = robot.get(&secrets(&id)).await;
        assert_eq!(
            (read.status, &read.json()["error"]["code"]),
            (502, &json!("provider_unavailable")),
            "{fault:?}"
        );
        assert!(read.header("retry-after").parse::<u64>().unwrap() >= 1, "{fault:?}");
        assert_eq!(status(&admin, &id).await, "validated", "{fault:?}");
        let shown = admin.get(&format!("/integrations/credentials/{id}")).await.json();
        let is_throttled = matches!(fault, Fault::TooManyRequests(_));
        let reason = if is_throttled { "throttled" } else { "provider_unavailable" };
        assert_eq!(shown["status_reason"], reason, "{fault:?}");
        provider.fail_next(fault, 0).await;
        recovered(&robot, &id, Duration::from_secs(25)).await;
        let shown = admin.get(&format!("/integrations/credentials/{id}")).await.json();
        assert!(shown["status_reason"].is_null(), "{fault:?}: {shown}");
    }
}

/// An outage in real time, with readers who keep asking: at most one request in 5 seconds reaches the
/// provider (security.md 5.7). It lasts thirty seconds in the full run. The application's tests cover what
/// paused time can show.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_not_met_with_a_storm() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(granted(&admin).await);
    }
    provider.fail_next(Fault::Unavailable, 100_000).await;
    expire(&world);
    let before = refreshes(&provider).await;
    let began = Instant::now();
    let outage = u64::try_from(count(8, 30)).unwrap();
    while began.elapsed() < Duration::from_secs(outage) {
        for id in &ids {
            assert_eq!(robot.get(&secrets(id)).await.status, 502);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let asked = refreshes(&provider).await - before;
    assert!(asked <= outage / 5 + 1, "{asked} requests in {outage} s");
    provider.fail_next(Fault::Unavailable, 0).await;
    for id in &ids {
        assert_eq!(status(&admin, id).await, "validated");
        recovered(&robot, id, Duration::from_secs(60)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_gone_is_told_with_its_reason_and_its_token_is_served_while_it_is_valid() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    provider.revoke_grants().await;
    ends_in(&world, 90);
    assert_eq!(robot.get(&secrets(&id)).await.status, 200, "the token while it is valid");
    assert_eq!(status(&admin, &id).await, "validated", "one refusal may be a mistake");
    until(Duration::from_secs(20), "the grant is not given up", async || {
        assert_eq!(robot.get(&secrets(&id)).await.status, 200, "the token while it is valid");
        status(&admin, &id).await == "needs_reauth"
    })
    .await;
    let shown = admin.get(&format!("/integrations/credentials/{id}")).await.json();
    assert_eq!(
        (&shown["status"], &shown["status_reason"]),
        (&json!("needs_reauth"), &json!("grant_refused"))
    );
    let asked = refreshes(&provider).await;
    expire(&world);
    let gone = robot.get(&secrets(&id)).await;
    assert_eq!((gone.status, &gone.json()["error"]["code"]), (409, &json!("reauthorization_required")));
    assert_eq!(refreshes(&provider).await, asked, "a dead grant is not tried again");
    for _ in 0..3 {
        let refused = admin.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await;
        assert_eq!(refused.status, 409);
    }
    assert_eq!(refreshes(&provider).await, asked + 1, "but once when somebody asks for it");
    let trail = admin.get("/integrations/audit?action=credential.refreshed").await.json();
    let event = &trail["items"][0];
    assert_eq!((&event["outcome"], &event["actor"]), (&json!("denied"), &json!("system:refresh")));
    assert!(event["details"]["next_step"].as_str().unwrap().contains("Authorise"), "{event}");
    let answer = (&event["details"]["provider_status"], &event["details"]["provider_code"]);
    assert_eq!(answer, (&json!("400"), &json!("invalid_grant")), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_refused_or_gone_keeps_the_grant() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let id = granted(&admin(&server)).await;
    let told = async |server: &Server, reason: &str| {
        assert_eq!(robot(server).get(&secrets(&id)).await.status, 502, "an ended token is handed to nobody");
        let shown = admin(server).get(&format!("/integrations/credentials/{id}")).await.json();
        assert_eq!((&shown["status"], &shown["status_reason"]), (&json!("validated"), &json!(reason)));
        assert!(shown["next_step"].as_str().unwrap().contains("OAuth app"), "{shown}");
        for _ in 0..2 {
            let asked =
                admin(server).post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await;
            assert_eq!(asked.status, 400, "the reason still holds: {}", asked.text);
            assert!(asked.text.contains("OAuth app"), "{}", asked.text);
        }
    };
    // The second one is for the attempt that a person asks for.
    provider.patch_next(401, json!({ "error": "invalid_client", "access_token": null }), 2).await;
    expire(&world);
    told(&server, "app_refused").await;
    server.stop();
    let world = without_app(world);
    world.sql(&format!("UPDATE refresh_leases SET retry_at = {}", world.time(-1)));
    let server = world.setup.start().await;
    told(&server, "app_missing").await;
}

fn without_app(world: World) -> World {
    world
        .with("STRONGROOM_OAUTH__APPS__ACME_ID__CLIENT_ID", "")
        .with("STRONGROOM_OAUTH__APPS__ACME_ID__CLIENT_SECRET", "")
}

/// Tokens that were stored by hand may be refreshed by another system. So without an app here they are handed
/// out unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_somebody_else_are_handed_out_as_they_were_stored() {
    let provider = MockServer::start(HOUR);
    let world = without_app(provider.set(World::embedded()));
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let body = json!({
        "provider": PROVIDER, "credential_type": "oauth2",
        "credentials": {
            "access_token": "by-hand", "refresh_token": "by-hand-too", "expires_at": "2001-01-01T00:00:00Z",
        },
    });
    let stored = admin.post("/integrations/credentials", body).await.json();
    for _ in 0..3 {
        let read = robot.get(&secrets(stored["id"].as_str().unwrap())).await;
        let fields = &read.json()["credentials"];
        assert_eq!((read.status, &fields["refresh_token"]), (200, &json!("by-hand-too")), "{}", read.text);
    }
    assert_eq!(refreshes(&provider).await, 0);
}

/// Some servers sometimes refuse a valid refresh token (ServiceNow). One refusal is not believed, two in a
/// row are.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_often_a_mistake_must_come_twice() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    let refusal =
        json!({ "error": "server_error", "error_description": "access_denied", "access_token": null });
    provider.patch_next(401, refusal.clone(), 1).await;
    expire(&world);
    assert_eq!(robot.get(&secrets(&id)).await.status, 502);
    assert_eq!(status(&admin, &id).await, "validated");
    recovered(&robot, &id, Duration::from_secs(10)).await;
    provider.patch_next(401, refusal, 2).await;
    expire(&world);
    until(Duration::from_secs(10), "the grant is not given up", async || {
        robot.get(&secrets(&id)).await.status == 409
    })
    .await;
    assert_eq!(status(&admin, &id).await, "needs_reauth");
}
