//! `POST /v1/integrations/{provider}/credentials`

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_provider_simulator::Marker;

use super::{Stage, credentials_of, post, refused, text};
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(
    what_works_is_stored_and_validated,
    what_a_provider_refuses_is_not_stored,
    what_nobody_could_test_is_stored_unverified,
    every_missing_field_is_named,
    a_label_is_kept_and_may_be_absent,
    stored_credentials_live_on_in_the_primary_dialect,
);

async fn what_works_is_stored_and_validated(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    for (provider, marker) in
        [("datadog", Marker::Good), ("PagerDuty", Marker::Good), ("pagerduty", Marker::Denied)]
    {
        let id = provider.to_lowercase();
        let reply = post(&admin, provider, &stage.credentials(&id, marker)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let stored = reply.json();
        let names: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["createdAt", "credentialId", "label", "provider", "status"]);
        assert_eq!((&stored["provider"], &stored["status"]), (&json!(id), &json!("validated")));
        let (id, created) = (text(&stored, "credentialId"), text(&stored, "createdAt"));
        assert!(id.starts_with("crd_") && id.len() == 30, "{id}");
        assert!(created.len() == 20 && created.ends_with('Z'), "{created}");
    }
    let events = admin.get("/integrations/audit?action=credential.created").await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 3, "{events}");
    stage.world.setup.must(&["audit", "verify", "--deep"]);
}

async fn what_a_provider_refuses_is_not_stored(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let (good, bad) = (stage.credentials("datadog", Marker::Good), stage.credentials("datadog", Marker::Bad));
    for (wrong, names, never_looked_at) in
        [("api_key", "api key", "application key"), ("application_key", "application key", "no such words")]
    {
        let mut credentials = good.clone();
        credentials[wrong] = bad[wrong].clone();
        let reply = post(&admin, "datadog", &credentials).await;
        let message = refused(&reply, 422, "credential_validation_failed").to_lowercase();
        assert!(message.contains(names) && !message.contains(never_looked_at), "{message}");
        assert!(!reply.text.contains(bad[wrong].as_str().unwrap()), "the answer shows a key");
    }
    let reply = post(&admin, "pagerduty", &stage.credentials("pagerduty", Marker::Bad)).await;
    refused(&reply, 422, "credential_validation_failed");
    assert_eq!((credentials_of(&admin, "datadog").await, credentials_of(&admin, "pagerduty").await), (0, 0));
    // The tests are in the audit trail.
    let tested = admin.get("/integrations/audit?action=connection.tested").await.json();
    assert_eq!(tested["items"].as_array().unwrap().len(), 3, "{tested}");
}

async fn what_nobody_could_test_is_stored_unverified(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let key = json!({ "api_key": "rehearsal-good-key" });
    for (provider, credentials) in [
        ("datadog", stage.credentials("datadog", Marker::Broken)),
        ("pagerduty", stage.credentials("pagerduty", Marker::Limited)),
        ("faraway", key.clone()),
        ("untested", key),
    ] {
        let reply = post(&admin, provider, &credentials).await;
        assert_eq!((reply.status, &reply.json()["status"]), (201, &json!("unverified")), "{}", reply.text);
        assert_eq!(credentials_of(&admin, provider).await, 1);
    }
}

async fn every_missing_field_is_named(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let message = async |credentials: Value| {
        refused(&post(&admin, "datadog", &credentials).await, 400, "validation_error")
    };
    let both = "api_key is required; application_key is required";
    assert_eq!(message(json!({})).await, both);
    assert_eq!(message(json!({ "api_key": "", "application_key": null })).await, both);
    assert_eq!(message(json!({ "api_key": "good" })).await, "application_key is required");
    assert_eq!(
        message(json!({ "api_key": "good", "application_key": "good", "password": "x" })).await,
        "password is not a field of this provider and type"
    );
    assert_eq!(
        message(json!({ "api_key": { "deep": "good" }, "application_key": 7 })).await,
        "api_key must be a text; application_key must be a text"
    );
    assert_eq!(message(json!("good")).await, "credentials must be of type object");
    assert_eq!(message(Value::Null).await, "credentials is required");
    let path = "/v1/integrations/datadog/credentials";
    let odd = json!({ "credentials": {}, "name": "x", "label": 7 });
    let said = refused(&admin.post(path, odd).await, 400, "validation_error");
    assert_eq!(said, "label must be of type string; name is not known here");
    // The message is about the catalog, not about what was sent.
    let said = refused(&post(&admin, "github", &json!({ "x": 1 })).await, 400, "validation_error");
    assert_eq!(said, "provider is not connected with an API key");
    refused(&post(&admin, "hooks", &json!({ "api_key": "x" })).await, 400, "validation_error");
    for unknown in ["nobody", "sftp", "no%20id", "DATADOG1"] {
        refused(&post(&admin, unknown, &json!({ "api_key": "x" })).await, 404, "provider_not_found");
    }
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]));
}

async fn a_label_is_kept_and_may_be_absent(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let credentials = stage.credentials("pagerduty", Marker::Good);
    let path = "/v1/integrations/pagerduty/credentials";
    for (body, label, name) in [
        (json!({ "credentials": credentials }), Value::Null, "PagerDuty"),
        (json!({ "credentials": credentials, "label": null }), Value::Null, "PagerDuty"),
        (json!({ "credentials": credentials, "label": "  Höhle 7 " }), json!("Höhle 7"), "Höhle 7"),
        (json!({ "credentials": credentials, "label": "PagerDuty" }), json!("PagerDuty"), "PagerDuty"),
    ] {
        let stored = admin.post(path, body).await.json();
        assert_eq!(stored["label"], label, "{stored}");
        let id = text(&stored, "credentialId");
        assert_eq!(admin.get(&format!("/integrations/credentials/{id}")).await.json()["name"], name);
    }
    for label in ["", "  ", "a\nb", &"x".repeat(201)] {
        let body = json!({ "credentials": credentials, "label": label });
        let said = refused(&admin.post(path, body).await, 400, "validation_error");
        assert_eq!(said, "label must be 1 to 200 printable characters");
    }
}

async fn stored_credentials_live_on_in_the_primary_dialect(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let id = stage.store(&admin, "datadog", Marker::Good).await;
    let path = format!("/integrations/credentials/{id}");
    let metadata = admin.get(&path).await.json();
    for (field, value) in [
        ("provider", json!("datadog")),
        ("credential_type", json!("api_key")),
        ("status", json!("validated")),
        ("last_test_code", json!("ok")),
        ("slot", Value::Null),
        ("user_id", json!("alice")),
        ("created_by", json!("alice")),
    ] {
        assert_eq!(metadata[field], value, "{field}");
    }
    let listed = admin.get("/integrations/credentials/provider/datadog").await.json();
    assert_eq!(listed, json!([metadata]));
    let robot = stage.server.client(admin.hire(&["secrets:read"]).await);
    let secrets = async |client: &Client| client.get(&format!("{path}/secrets")).await.json();
    assert!(
        secrets(&robot).await["credentials"] == stage.credentials("datadog", Marker::Good),
        "the secret is not what was stored"
    );
    let report = admin.send(Method::POST, &format!("{path}/test"), None, &[]).await.json();
    assert_eq!(report["code"], "ok", "{report}");
    let denied = stage.credentials("datadog", Marker::Limited);
    let rotated = json!({ "credential_type": "api_key", "credentials": denied });
    assert_eq!(admin.patch(&path, rotated).await.json()["version"], 2);
    assert!(secrets(&robot).await["credentials"] == denied, "the secret is not the rotated one");
    let member = stage.server.client(Character::member_of("acme"));
    assert_eq!(member.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
}
