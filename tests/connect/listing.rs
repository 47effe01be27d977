//! `GET /v1/integrations`

use serde_json::{Value, json};
use strongroom_domain::CredentialId;
use strongroom_provider_simulator::Marker;

use super::{Stage, connect, path_of, refused, shown, text};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    connections_are_listed_by_status_and_provider,
    a_connection_is_in_error_while_its_credential_does_not_work,
);

async fn connections_are_listed_by_status_and_provider(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    for provider in ["pagerduty", "opsgenie", "datadog"] {
        let id = stage.store(&admin, provider, Marker::Good).await;
        assert_eq!(connect(&admin, provider, &id).await.status, 200);
    }
    stage.world.sql("UPDATE credentials SET status = 'rejected' WHERE provider = 'pagerduty'");
    assert_eq!(admin.delete(&path_of("opsgenie")).await.status, 204);

    let member = stage.server.client(Character::member_of("acme"));
    let page = member.get("/v1/integrations").await.json();
    let rows = |page: &Value| -> Vec<(String, String)> {
        let items = page["items"].as_array().unwrap();
        assert_eq!(page["total"], items.len());
        items.iter().map(|item| (text(item, "provider"), text(item, "status"))).collect()
    };
    let row = |provider: &str, status: &str| (provider.to_owned(), status.to_owned());
    let all = [row("datadog", "connected"), row("opsgenie", "disconnected"), row("pagerduty", "error")];
    assert_eq!(rows(&page), all);
    let item = page["items"][0].as_object().unwrap();
    let names: Vec<&str> = item.keys().map(String::as_str).collect();
    assert_eq!(names, ["connectedAt", "connectedBy", "integrationId", "provider", "scopes", "status"]);
    assert_eq!((&item["connectedBy"], &item["scopes"]), (&json!("alice"), &json!([])));
    assert_eq!(page.as_object().unwrap().len(), 2);
    for (query, expected) in [
        ("status=connected", &all[..1]),
        ("status=disconnected", &all[1..2]),
        ("status=error", &all[2..]),
        ("provider=PagerDuty", &all[2..]),
        ("provider=opsgenie&status=disconnected", &all[1..2]),
        ("provider=opsgenie&status=connected", &[]),
        ("provider=github", &[]),
    ] {
        assert_eq!(rows(&member.get(&format!("/v1/integrations?{query}")).await.json()), expected, "{query}");
    }
    let foreign = stage.server.client(Character::admin_of("globex"));
    assert_eq!(foreign.get("/v1/integrations").await.json(), json!({ "items": [], "total": 0 }));
}

async fn a_connection_is_in_error_while_its_credential_does_not_work(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let id = stage.store(&admin, "pagerduty", Marker::Good).await;
    let connected = connect(&admin, "pagerduty", &id).await.json();
    let path = format!("/integrations/credentials/{id}");
    for (marker, code, status) in [
        (Marker::Bad, "auth_rejected", "error"),
        (Marker::Broken, "provider_error", "connected"),
        (Marker::Denied, "insufficient", "connected"),
    ] {
        let credentials = stage.credentials("pagerduty", marker);
        let content = json!({ "credential_type": "api_key", "credentials": credentials });
        assert_eq!(admin.patch(&path, content).await.status, 200);
        assert_eq!(shown(&admin, "pagerduty").await["status"], "connected", "new content is not judged yet");
        let report = admin.post(&format!("{path}/test"), json!({})).await.json();
        assert_eq!(report["code"], code, "{report}");
        let now = shown(&admin, "pagerduty").await;
        assert_eq!((&now["status"], &now["integrationId"]), (&json!(status), &connected["integrationId"]));
    }
    // A credential whose grant is gone is also shown as an error.
    let row = stage.world.id(&CredentialId::parse(&id).unwrap().to_string());
    stage.world.sql(&format!("UPDATE credentials SET status = 'needs_reauth' WHERE id = {row}"));
    assert_eq!(shown(&admin, "pagerduty").await["status"], "error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_makes_no_sense_is_named() {
    let stage = Stage::set(World::embedded()).await;
    let member = stage.server.client(Character::member_of("acme"));
    for query in [
        "status=",
        "status=Connected",
        "status=broken",
        "provider=",
        "provider=nobody",
        "provider=a%00",
        "status=error&status=error",
        "something=else",
    ] {
        let reply = member.get(&format!("/v1/integrations?{query}")).await;
        let said = refused(&reply, 400, "validation_error");
        assert!(said.starts_with(query.split('=').next().unwrap()), "{query}: {said}");
    }
}
