//! Tests of limits under concurrency and after a restart (security.md, rows 37 to 39).

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::sftp;
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(
    two_hundred_parallel_creates_store_exactly_fifty,
    a_slot_is_taken_exactly_once,
    concurrent_edits_form_one_history,
    edits_that_name_no_revision_all_succeed,
    a_tombstone_names_what_was_destroyed,
    a_deleted_credential_never_comes_back,
);

/// Sends one request two hundred times in parallel and counts the statuses.
async fn two_hundred(client: &Client, body: Value) -> BTreeMap<u16, usize> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (client, body) = (client.clone(), body.clone());
        tasks.spawn(async move { client.post("/integrations/credentials", body).await });
    }
    let mut statuses = BTreeMap::new();
    while let Some(reply) = tasks.join_next().await {
        let reply = reply.unwrap();
        if reply.status == 409 {
            let code = reply.json()["error"]["code"].clone();
            assert!(code == "quota_exceeded" || code == "conflict", "{}", reply.text);
        }
        *statuses.entry(reply.status).or_insert(0) += 1;
    }
    statuses
}

async fn two_hundred_parallel_creates_store_exactly_fifty(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let statuses = two_hundred(&admin, sftp("a-password")).await;
    assert_eq!(statuses, BTreeMap::from([(201, 50), (409, 150)]));
    assert_eq!(admin.get("/integrations/credentials?limit=500").await.json().as_array().unwrap().len(), 50);
    server.stop();

    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let refused = admin.post("/integrations/credentials", sftp("a-password")).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (409, &json!("quota_exceeded")));
    let first =
        admin.get("/integrations/credentials?limit=1").await.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.delete(&format!("/integrations/credentials/{first}")).await.status, 204);
    assert_eq!(admin.post("/integrations/credentials", sftp("a-password")).await.status, 201);
    assert_eq!(admin.post("/integrations/credentials", sftp("a-password")).await.status, 409);
    world.setup.must(&["org", "limit", "--org", "acme", "51"]);
    assert_eq!(admin.post("/integrations/credentials", sftp("a-password")).await.status, 201);
    assert_eq!(admin.post("/integrations/credentials", sftp("a-password")).await.status, 409);
    let other = server.client(Character::admin_of("globex"));
    assert_eq!(other.post("/integrations/credentials", sftp("a-password")).await.status, 201);
}

async fn a_slot_is_taken_exactly_once(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let mut body = sftp("a-password");
    body["slot"] = json!("nightly");
    assert_eq!(two_hundred(&admin, body.clone()).await, BTreeMap::from([(201, 1), (409, 199)]));
    server.stop();

    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let taken = admin.post("/integrations/credentials", body.clone()).await;
    assert_eq!((taken.status, &taken.json()["error"]["code"]), (409, &json!("conflict")));
    let robot = server.client(Character::service_of("acme", "secrets:read"));
    let read = robot.get("/integrations/slots/nightly/credentials").await;
    assert_eq!(read.json()["credentials"]["password"], "a-password");
    let id = read.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.delete(&format!("/integrations/credentials/{id}")).await.status, 204);
    assert_eq!(robot.get("/integrations/slots/nightly/credentials").await.status, 404);
    assert_eq!(admin.post("/integrations/credentials", body).await.status, 201);
}

/// Eight editors change one credential by compare-and-swap. Every accepted edit has a revision of its own,
/// and the last one is what is stored.
async fn concurrent_edits_form_one_history(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("password-0").await;
    let path = Arc::new(format!("/integrations/credentials/{id}"));
    let mut editors = tokio::task::JoinSet::new();
    for editor in 0..8 {
        let (client, path) = (admin.clone(), path.clone());
        editors.spawn(async move {
            let mut accepted = Vec::new();
            for edit in 0..10 {
                let seen = client.get(&path).await.header("etag").to_owned();
                let secret = format!("password-{editor}-{edit}");
                let body = json!({ "credential_type": "user_password", "credentials": sftp(&secret)["credentials"] });
                let reply = client.send(Method::PATCH, &path, Some(body), &[("If-Match", &seen)]).await;
                match reply.status {
                    200 => accepted.push((reply.json()["revision"].as_u64().unwrap(), seen, secret)),
                    412 => assert_eq!(reply.json()["error"]["code"], "version_mismatch"),
                    other => panic!("{other}: {}", reply.text),
                }
            }
            accepted
        });
    }
    let mut history: Vec<(u64, String, String)> = editors.join_all().await.into_iter().flatten().collect();
    history.sort();
    for (place, (revision, seen, _)) in history.iter().enumerate() {
        assert_eq!(*revision, place as u64 + 2, "no revision is given twice or left out");
        assert_eq!(seen, &format!("\"{}\"", revision - 1), "each edit saw the one before it");
    }
    let robot = server.client(Character::service_of("acme", "secrets:read"));
    let stored = robot.get(&format!("{path}/secrets")).await.json();
    assert_eq!(stored["credentials"]["password"], json!(history.last().unwrap().2));
    assert_eq!(stored["version"], json!(history.len() + 1));
}

async fn a_deleted_credential_never_comes_back(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot = server.client(Character::service_of("acme", "secrets:read"));
    for _ in 0..20 {
        let path = format!("/integrations/credentials/{}", admin.store_sftp("a-password").await);
        let body =
            json!({ "credential_type": "user_password", "credentials": sftp("another")["credentials"] });
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (client, path, body) = (admin.clone(), path.clone(), body.clone());
            tasks.spawn(async move { client.patch(&path, body).await.status });
        }
        let deleted = admin.delete(&path).await.status;
        assert_eq!(deleted, 204);
        assert!(tasks.join_all().await.into_iter().all(|status| [200, 404].contains(&status)));
        assert_eq!(admin.get(&path).await.status, 404);
        assert_eq!(robot.get(&format!("{path}/secrets")).await.status, 404);
    }
    assert_eq!(world.sql("SELECT count(*) FROM credentials"), "0");
    assert_eq!(world.sql("SELECT sum(used) FROM credential_quota"), "0");
}

async fn edits_that_name_no_revision_all_succeed(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let path = format!("/integrations/credentials/{}", admin.store_sftp("a-password").await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (client, path) = (admin.clone(), path.clone());
        tasks.spawn(async move { client.patch(&path, json!({ "name": format!("name {number}") })).await });
    }
    for reply in tasks.join_all().await {
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    assert_eq!(admin.get(&path).await.json()["revision"], 41);
}

async fn a_tombstone_names_what_was_destroyed(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    for _ in 0..20 {
        let id = admin.store_sftp("a-password").await;
        let path = format!("/integrations/credentials/{id}");
        let body =
            json!({ "credential_type": "user_password", "credentials": sftp("another")["credentials"] });
        let (patched, deleted) = tokio::join!(admin.patch(&path, body), admin.delete(&path));
        assert_eq!(deleted.status, 204);
        let destroyed = if patched.status == 200 { 2 } else { 1 };
        let trail = admin.get(&format!("/integrations/audit?credential_id={id}&limit=1")).await.json();
        let tombstone = &trail["items"][0];
        assert_eq!(
            (&tombstone["action"], &tombstone["version"]),
            (&json!("credential.deleted"), &json!(destroyed))
        );
    }
}
