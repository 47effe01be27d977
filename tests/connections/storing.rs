//! Tests of testing and storing in one request: the table of api.md, part 0, row by row.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_domain::CredentialType;
use strongroom_provider_simulator::Marker;

use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(
    a_test_decides_what_is_stored_and_what_becomes_of_it,
    a_test_of_older_content_says_nothing_about_newer,
);

const CREATE: &str = "/integrations/credentials?test=true";

fn github(rehearsal: &Rehearsal, marker: Marker) -> Value {
    let credentials = rehearsal.credentials("github", CredentialType::ApiKey, marker);
    json!({ "provider": "github", "credential_type": "api_key", "credentials": credentials })
}

async fn count(client: &Client) -> usize {
    client.get("/integrations/credentials").await.json().as_array().unwrap().len()
}

/// The content of a PATCH.
fn content(rehearsal: &Rehearsal, marker: Marker) -> Value {
    let mut body = github(rehearsal, marker);
    body.as_object_mut().unwrap().remove("provider");
    body
}

async fn a_test_decides_what_is_stored_and_what_becomes_of_it(world: World) {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(world);
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    creating(&rehearsal, &admin).await;
    let stored = admin.post(CREATE, github(&rehearsal, Marker::Good)).await.json();
    let id = stored["id"].as_str().unwrap();
    let robot = server.client(admin.hire(&["secrets:read"]).await);
    updating(&rehearsal, &admin, &robot, id).await;
    testing(&rehearsal, &world, &admin, id).await;
    let path = format!("/integrations/credentials/{id}");
    let with_body = admin.post(&format!("{path}/test"), json!({ "host": "elsewhere.example.com" })).await;
    assert_eq!(with_body.status, 422, "a test of a stored credential takes no destination");
    let nobody = "/integrations/credentials/0192f0c1-7b6a-7abc-8def-0123456789ab/test";
    assert_eq!(admin.post(nobody, json!({})).await.status, 404);
    let of_other_kind = format!("/integrations/postgres/test-connection/{id}");
    assert_eq!(admin.send(Method::POST, &of_other_kind, None, &[]).await.status, 400);
    world.setup.must(&["audit", "verify", "--deep"]);
}

async fn creating(rehearsal: &Rehearsal, admin: &Client) {
    for (marker, code, status) in [
        (Marker::Good, "ok", "validated"),
        (Marker::Denied, "insufficient", "validated"),
        (Marker::Broken, "provider_error", "unverified"),
        (Marker::Limited, "rate_limited", "unverified"),
        (Marker::Garbage, "provider_error", "unverified"),
    ] {
        let before = count(admin).await;
        let reply = admin.post(CREATE, github(rehearsal, marker)).await;
        assert_eq!(reply.status, 201, "{marker:?}: {}", reply.text);
        let stored = reply.json();
        let found = (&stored["status"], &stored["last_test_code"]);
        assert_eq!(found, (&json!(status), &json!(code)), "{marker:?}");
        assert!(stored["last_tested_at"].is_string());
        assert_eq!(count(admin).await, before + 1);
    }
    let denied = content(rehearsal, Marker::Denied);
    let report = admin.post("/integrations/github/test-connection", denied).await.json();
    let outcome = |name: &str| {
        let steps = report["steps"].as_array().unwrap();
        steps.iter().find(|step| step["name"] == name).map(|step| step["outcome"].clone())
    };
    assert_eq!((outcome("login"), outcome("probe")), (Some(json!("ok")), Some(json!("failed"))), "{report}");
    let before = count(admin).await;
    let refused = admin.post(CREATE, github(rehearsal, Marker::Bad)).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "credential_validation_failed");
    assert_eq!(error["details"]["code"], "auth_rejected");
    assert!(error["details"]["hint"].is_string() && error["details"]["steps"].is_array());
    assert_eq!(count(admin).await, before);
    // Content that was tested and then not stored is in the audit trail too.
    let tested = async || {
        let events = admin.get("/integrations/audit?action=connection.tested&limit=500").await.json();
        events["items"].as_array().unwrap().len()
    };
    let mut first = github(rehearsal, Marker::Good);
    first["slot"] = json!("only-one");
    assert_eq!(admin.post(CREATE, first.clone()).await.status, 201);
    let before = tested().await;
    assert_eq!(admin.post(CREATE, first).await.status, 409);
    assert_eq!(tested().await, before + 1);
    let wrong = admin.post("/integrations/credentials?test=maybe", github(rehearsal, Marker::Good)).await;
    assert_eq!((wrong.status, &wrong.json()["detail"][0]["loc"]), (422, &json!(["query", "test"])));
}

/// Content that failed its test never replaces content that works.
async fn updating(rehearsal: &Rehearsal, admin: &Client, robot: &Client, id: &str) {
    let path = format!("/integrations/credentials/{id}");
    let (tested, secrets) = (format!("{path}?test=true"), format!("{path}/secrets"));
    let secret = robot.get(&secrets).await.json()["credentials"].clone();
    for (marker, status, code) in [
        (Marker::Bad, 422, "credential_validation_failed"),
        (Marker::Broken, 502, "provider_unavailable"),
        (Marker::Limited, 502, "provider_unavailable"),
    ] {
        let reply = admin.patch(&tested, content(rehearsal, marker)).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)), "{marker:?}");
        assert_eq!(reply.header("retry-after").is_empty(), status == 422);
        assert_eq!(robot.get(&secrets).await.json()["credentials"], secret);
        assert_eq!(admin.get(&path).await.json()["revision"], 1);
    }
    let denied = admin.patch(&tested, content(rehearsal, Marker::Denied)).await.json();
    assert_eq!((&denied["status"], &denied["version"]), (&json!("validated"), &json!(2)));
    assert_eq!(denied["last_test_code"], "insufficient");
    let untested = admin.patch(&path, content(rehearsal, Marker::Bad)).await.json();
    assert_eq!((&untested["status"], &untested["last_test_code"]), (&json!("unverified"), &Value::Null));
}

/// Tests stored credentials, from each status that they may have.
async fn testing(rehearsal: &Rehearsal, world: &World, admin: &Client, id: &str) {
    let path = format!("/integrations/credentials/{id}");
    for (status, marker, code, then) in [
        ("unverified", Marker::Bad, "auth_rejected", "rejected"),
        ("rejected", Marker::Broken, "provider_error", "rejected"),
        ("rejected", Marker::Good, "ok", "validated"),
        ("validated", Marker::Limited, "rate_limited", "validated"),
        ("unverified", Marker::Garbage, "provider_error", "unverified"),
        ("unverified", Marker::Denied, "insufficient", "validated"),
        ("validated", Marker::Bad, "auth_rejected", "rejected"),
    ] {
        admin.patch(&path, content(rehearsal, marker)).await;
        world.sql(&format!("UPDATE credentials SET status = '{status}' WHERE id = {}", world.id(id)));
        let before = admin.get(&path).await.json();
        let report = admin.send(Method::POST, &format!("{path}/test"), None, &[]).await;
        assert_eq!((report.status, &report.json()["code"]), (200, &json!(code)), "{marker:?}");
        let after = admin.get(&path).await.json();
        assert_eq!((&after["status"], &after["last_test_code"]), (&json!(then), &json!(code)), "{marker:?}");
        for kept in ["version", "revision", "updated_at", "modified_by"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
        assert_eq!(after["status_reason"].is_string(), code == "auth_rejected", "{after}");
    }
    let events = admin.get("/integrations/audit?action=credential.tested&limit=500").await.json();
    let events = events["items"].as_array().unwrap();
    let codes: Vec<&Value> = events.iter().map(|event| &event["details"]["code"]).collect();
    assert!(codes.contains(&&json!("auth_rejected")) && codes.contains(&&json!("ok")), "{codes:?}");
    assert!(events.iter().all(|event| event["credential_id"].is_string() && event["provider"] == "github"));
}

async fn a_test_of_older_content_says_nothing_about_newer(world: World) {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(world);
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let slow = admin.post("/integrations/credentials", github(&rehearsal, Marker::Slow)).await.json();
    let path = format!("/integrations/credentials/{}", slow["id"].as_str().unwrap());
    let requests = rehearsal.simulator.requests().len();
    let test = tokio::spawn({
        let (client, path) = (admin.clone(), format!("{path}/test"));
        async move { client.send(Method::POST, &path, None, &[]).await }
    });
    while rehearsal.simulator.requests().len() == requests {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let better = content(&rehearsal, Marker::Good);
    assert_eq!(admin.patch(&format!("{path}?test=true"), better).await.json()["status"], "validated");
    let report = test.await.unwrap();
    assert_eq!((report.status, &report.json()["code"]), (200, &json!("timeout")), "{}", report.text);
    let after = admin.get(&path).await.json();
    assert_eq!((&after["status"], &after["last_test_code"]), (&json!("validated"), &json!("ok")));
    let events = admin.get("/integrations/audit?action=credential.tested").await.json();
    let superseded =
        events["items"].as_array().unwrap().iter().filter(|event| event["details"]["superseded"] == "true");
    assert_eq!(superseded.count(), 1, "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_test_is_stored_unverified_and_says_so() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    // Without `test_path` it is not known which request would test a service of the tenant's own.
    let custom = json!({ "base_url": "https://api.example.com", "api_key": "k" });
    let new = json!({ "provider": "custom", "credential_type": "api_key", "credentials": custom });
    let stored = admin.post(CREATE, new).await;
    assert_eq!((stored.status, &stored.json()["status"]), (201, &json!("unverified")));
    assert_eq!(stored.json()["last_test_code"], Value::Null);
    let path = format!("/integrations/credentials/{}/test", stored.json()["id"].as_str().unwrap());
    assert_eq!(admin.send(Method::POST, &path, None, &[]).await.status, 400);
    let before = json!({ "credential_type": "api_key", "credentials": custom });
    assert_eq!(admin.post("/integrations/custom/test-connection", before.clone()).await.status, 400);
    assert_eq!(admin.post("/integrations/nobody/test-connection", before).await.status, 400);
    let catalog = admin.get("/integrations/catalog").await.json();
    let kind = |id: &str| {
        let entry = catalog.as_array().unwrap().iter().find(|entry| entry["provider"] == id);
        entry.unwrap()["test"].clone()
    };
    assert_eq!((kind("sftp"), kind("datadog")), (json!("protocol"), json!("http")));
}
