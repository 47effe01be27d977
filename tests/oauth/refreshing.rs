//! Tests of refreshes on read, on request, and ahead of time.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_provider_simulator::OauthBehaviour;

use super::{Form, HOUR, admin, ends_in, granted, granted_by, refreshes, robot, secrets, until, visit};
use crate::support::authorization_servers::{
    Browser, CLIENT_ID, CLIENT_SECRET, Fault, MockServer, OidcServer, PROVIDER, with_app,
};
use crate::support::rehearsal::Rehearsal;
use crate::support::{Client, World, on_both_stores};

on_both_stores!(
    a_reader_gets_as_much_life_as_it_asks_for,
    the_background_refreshes_before_anybody_needs_it,
    odd_answers_do_no_harm,
    a_rename_during_a_refresh_stays_and_a_deletion_is_final,
);

async fn version(robot: &Client, path: &str) -> Value {
    let reply = robot.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["version"].clone()
}

async fn a_reader_gets_as_much_life_as_it_asks_for(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let robot = robot(&server);
    let id = granted(&admin(&server)).await;
    let path = secrets(&id);
    assert_eq!(version(&robot, &path).await, 1, "a fresh token is handed out as it is");
    ends_in(&world, 600);
    assert_eq!(version(&robot, &path).await, 1);
    assert_eq!(version(&robot, &format!("{path}?min_validity=300")).await, 1);
    assert_eq!(version(&robot, &format!("{path}?min_validity=900")).await, 2);
    let tag = robot.get(&path).await.header("etag").to_owned();
    assert_eq!(tag, "\"2\"");
    let same = robot.send(reqwest::Method::GET, &path, None, &[("If-None-Match", &tag)]).await;
    assert_eq!(same.status, 304);
    ends_in(&world, 60);
    let batch = robot.post("/integrations/credentials/secrets", json!({ "ids": [id] })).await.json();
    assert_eq!(batch[0]["version"], 3, "a batch refreshes as well");
    for bad in ["-1", "x", "86401"] {
        assert_eq!(robot.get(&format!("{path}?min_validity={bad}")).await.status, 422, "{bad}");
    }
    assert_eq!(refreshes(&provider).await, 2);
    assert_eq!(provider.counts().await.reuses, 0);
}

async fn the_background_refreshes_before_anybody_needs_it(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let admin = admin(&server);
    let id = granted(&admin).await;
    world.sql(&format!("UPDATE credentials SET refresh_at = {}", world.time(-1)));
    let before = admin.get(&format!("/integrations/credentials/{id}")).await.json();
    until(Duration::from_secs(20), "the background does not refresh", async || {
        refreshes(&provider).await == 1
            && admin.get(&format!("/integrations/credentials/{id}")).await.json()["version"] == 2
    })
    .await;
    let after = admin.get(&format!("/integrations/credentials/{id}")).await.json();
    assert!(after["refreshed_at"].is_string());
    for same in ["revision", "updated_at", "modified_by", "status", "name"] {
        assert_eq!(after[same], before[same], "{same} is nobody's edit");
    }
    let trail = admin.get("/integrations/audit?action=credential.refreshed").await.json();
    assert_eq!(trail["items"][0]["actor"], "system:refresh", "{trail}");
}

async fn odd_answers_do_no_harm(world: World) {
    let provider = MockServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    let first = robot.get(&secrets(&id)).await.json();
    // The token is a JWT, which says when it ends.
    let rows = [
        json!({ "refresh_token": null, "scope": null }),
        json!({ "refresh_token": "" }),
        json!({ "expires_in": null }),
        json!({ "expires_in": 0 }),
        json!({ "expires_in": -5 }),
        json!({ "expires_in": "1800" }),
        json!({ "expires_in": 99_999_999_999_999_u64 }),
        json!({ "expires_in": "soon" }),
        json!({ "token_type": "BEARER" }),
    ];
    for (number, patch) in rows.into_iter().enumerate() {
        provider.patch_next(200, patch.clone(), 1).await;
        let refreshed = admin.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await;
        assert_eq!((refreshed.status, &refreshed.json()["version"]), (200, &json!(number + 2)), "{patch}");
        assert!(refreshed.json()["access_token_expires_at"].is_string(), "{patch}");
        let read = robot.get(&secrets(&id)).await.json();
        assert!(read["credentials"]["refresh_token"].is_string(), "{patch}: the old one is kept");
        assert_eq!(read["credentials"]["scope"], first["credentials"]["scope"], "{patch}");
    }
    let shown = admin.get(&format!("/integrations/credentials/{id}")).await.json();
    assert!(shown["expires_at"].is_null(), "nobody has said when the grant ends: {shown}");
    provider.patch_next(200, json!({ "refresh_token_expires_in": 86_400 }), 1).await;
    let refreshed = admin.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await.json();
    assert!(refreshed["expires_at"].is_string(), "the end of the grant: {refreshed}");
    // An access token that breaks the rules of its field is not stored, and the old one counts as ended.
    provider.patch_next(200, json!({ "access_token": "two words" }), 1).await;
    let refused = admin.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (502, &json!("provider_unavailable")));
    until(Duration::from_secs(20), "no token comes back", async || {
        let read = robot.get(&secrets(&id)).await;
        assert!(read.status == 502 || read.json()["credentials"]["access_token"] != "two words");
        read.status == 200
    })
    .await;
    // When the provider grants less than was asked for, the granted scope is stored.
    provider.patch_next(200, json!({ "scope": "openid" }), 1).await;
    admin.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await;
    assert_eq!(robot.get(&secrets(&id)).await.json()["credentials"]["scope"], "openid");
}

async fn a_rename_during_a_refresh_stays_and_a_deletion_is_final(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    let path = format!("/integrations/credentials/{id}");
    for round in 0..10 {
        let name = format!("name {round}");
        let refresh = format!("{path}/refresh");
        let (refreshed, renamed) =
            tokio::join!(robot.post(&refresh, json!({})), admin.patch(&path, json!({ "name": name })));
        assert_eq!((refreshed.status, renamed.status), (200, 200), "{} {}", refreshed.text, renamed.text);
        let shown = admin.get(&path).await.json();
        assert_eq!((&shown["name"], &shown["version"]), (&json!(name), &json!(round + 2)));
    }
    // The answer comes after the credential was deleted.
    provider.fail_next(Fault::Delay(Duration::from_secs(1)), 1).await;
    let before = refreshes(&provider).await;
    let (client, refresh) = (robot.clone(), format!("{path}/refresh"));
    let refreshing = tokio::spawn(async move { client.post(&refresh, json!({})).await });
    until(Duration::from_secs(10), "no refresh begins", async || refreshes(&provider).await > before).await;
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(refreshing.await.unwrap().status, 404);
    assert_eq!(robot.get(&secrets(&id)).await.status, 404);
    assert_eq!(world.sql("SELECT count(*) FROM credentials"), "0");
    assert_eq!(world.sql("SELECT count(*) FROM refresh_leases"), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_stored_by_hand_are_refreshed_too_and_refresh_tokens_can_be_kept_back() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded()).with("STRONGROOM_OAUTH__HAND_OUT_REFRESH_TOKENS", "false");
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    let fields = robot.get(&secrets(&id)).await.json()["credentials"].clone();
    assert!(fields["refresh_token"].is_null() && fields["access_token"].is_string());
    // Without a refresh token an access token cannot be renewed after its end.
    let body = json!({
        "provider": PROVIDER, "credential_type": "oauth2",
        "credentials": { "access_token": "by-hand", "expires_at": "2001-01-01T00:00:00Z" },
    });
    let stored = admin.post("/integrations/credentials", body).await.json();
    let ended = robot.get(&secrets(stored["id"].as_str().unwrap())).await;
    assert_eq!((ended.status, &ended.json()["error"]["code"]), (409, &json!("reauthorization_required")));
    let sftp = admin.store_sftp("a-password").await;
    let refused = admin.post(&format!("/integrations/credentials/{sftp}/refresh"), json!({})).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    // This access token has ended, and the server does not know its refresh token.
    let body = json!({
        "provider": PROVIDER, "credential_type": "oauth2",
        "credentials": { "access_token": "by-hand", "refresh_token": "unknown-to-the-server", "expires_at": "2001-01-01T00:00:00Z" },
    });
    let stored = admin.post("/integrations/credentials", body).await.json();
    let path = secrets(stored["id"].as_str().unwrap());
    assert_eq!(robot.get(&path).await.status, 502, "the server does not know its refresh token, it says");
    world.end_doubts();
    assert_eq!(robot.get(&path).await.status, 409, "it says so again");
    let shown =
        admin.get(&format!("/integrations/credentials/{}", stored["id"].as_str().unwrap())).await.json();
    assert_eq!(shown["status_reason"], "grant_refused");
}

/// A CRM client changes a note while a provider that rotates refreshes the token of the same credential.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_beside_the_tokens_during_a_refresh_loses_neither() {
    let rehearsal = Rehearsal::start().await;
    let world = with_app(rehearsal.set(World::embedded()), "salesforce");
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted_by(&admin, "salesforce").await;
    let fields = robot.get(&secrets(&id)).await.json()["credentials"].clone();
    admin.delete(&format!("/integrations/credentials/{id}")).await;
    let body = json!({
        "provider": "salesforce", "dsn": fields["instance_url"], "access_token": fields["access_token"],
        "metadata": { "refresh_token": fields["refresh_token"], "expires_at": "2001-01-01T00:00:00Z", "note": "old" },
    });
    let slow = OauthBehaviour { rotate: true, delay: Duration::from_secs(1), ..OauthBehaviour::default() };
    rehearsal.simulator.oauth(slow);
    let asked = || rehearsal.simulator.oauth_counts().token_requests_of("refresh_token");
    // The background may refresh before the reader does; it is the same refresh.
    let stored = robot.post("/integration-credentials/", body).await.json();
    let object = format!("/integration-credentials/{}", stored["id"].as_str().unwrap());
    let (client, path) = (robot.clone(), object.clone());
    let reading = tokio::spawn(async move { client.get(&path).await });
    until(Duration::from_secs(10), "no refresh begins", async || asked() == 1).await;
    let changed = json!({ "metadata": { "note": "new" } });
    let changed = robot.send(reqwest::Method::PUT, &object, Some(changed), &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.status);
    assert_eq!(reading.await.unwrap().status, 200);
    let fresh = robot.get(&object).await.json();
    assert_eq!(fresh["metadata"]["note"], "new");
    assert_ne!(fresh["access_token"], fields["access_token"]);
    assert_ne!(fresh["metadata"]["refresh_token"], fields["refresh_token"]);
    let again = format!("/integrations/credentials/{}/refresh", stored["id"].as_str().unwrap());
    let again = robot.post(&again, json!({})).await;
    assert_eq!(again.status, 200, "the refresh token is the one that the provider knows: {}", again.text);
    assert_eq!(rehearsal.simulator.oauth_counts().reuses, 0);
    // The grant of an organisation's own app stays with that app.
    let app = json!({ "provider": "salesforce", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    let app = admin.post("/integrations/oauth/apps", app).await.json();
    let metadata = format!("/integrations/credentials/{}", stored["id"].as_str().unwrap());
    let again =
        format!("/integrations/salesforce/authorize?credential_id={}", stored["id"].as_str().unwrap());
    let begun = admin.get(&again).await.json();
    let back = Browser::default().follow(super::url_of(&begun)).await;
    assert_eq!(Form::of(&visit(&back).await).press("connect").await.status, 200);
    let changed = json!({ "metadata": { "note": "newer" } });
    let changed = robot.send(reqwest::Method::PUT, &object, Some(changed), &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.status);
    let shown = admin.get(&metadata).await.json();
    assert!(app["id"].is_string() && shown["oauth_app_id"] == app["id"], "{shown}");
    assert_eq!(robot.post(&format!("{metadata}/refresh"), json!({})).await.status, 200);
}
