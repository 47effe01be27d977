//! `GET /v1/integrations/catalog`

use serde_json::{Value, json};

use super::{Stage, refused, text};
use crate::support::{Character, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_is_for_everybody() {
    let stage = Stage::set(World::embedded()).await;
    let anonymous = stage.server.client(Character::Anonymous);
    let page = anonymous.get("/v1/integrations/catalog").await;
    assert_eq!(page.status, 200, "{}", page.text);
    for character in [
        Character::Bearer("no.such.token".into()),
        Character::Key("srk_nobody".into()),
        Character::guest_of("acme"),
        Character::admin_of("acme"),
    ] {
        let reply = stage.server.client(character).get("/v1/integrations/catalog").await;
        assert_eq!((reply.status, &reply.text), (200, &page.text));
    }
    let page = page.json();
    let items = page["items"].as_array().unwrap();
    assert_eq!((page["total"].as_u64(), page.as_object().unwrap().len()), (Some(items.len() as u64), 2));
    let providers: Vec<String> = items.iter().map(|item| text(item, "provider")).collect();
    assert!(providers.len() >= 20 && providers.is_sorted(), "{providers:?}");
    assert!(!providers.contains(&"sftp".to_owned()), "sftp is not in this dialect");
    let entry = |id: &str| items.iter().find(|item| item["provider"] == id).unwrap().clone();
    assert_eq!(
        entry("datadog"),
        json!({
            "provider": "datadog", "displayName": "Datadog", "category": "monitoring",
            "description": "Metrics, logs and monitors of Datadog.", "authType": "api_key",
            "requiredFields": ["api_key", "application_key"], "connectUrl": "/v1/integrations/datadog/connect"
        })
    );
    assert_eq!(entry("pagerduty")["requiredFields"], json!(["api_key"]));
    for (id, kind) in [("github", "oauth2"), ("hooks", "webhook_only")] {
        let entry = entry(id);
        assert_eq!((&entry["authType"], entry.get("requiredFields")), (&json!(kind), None), "{entry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_narrows_the_catalog() {
    let stage = Stage::set(World::embedded()).await;
    let anonymous = stage.server.client(Character::Anonymous);
    let all = anonymous.get("/v1/integrations/catalog").await.json();
    let mut total = 0;
    for category in ["monitoring", "code", "ticketing", "communication", "cloud"] {
        let page = anonymous.get(&format!("/v1/integrations/catalog?category={category}")).await.json();
        let of_all: Vec<&Value> =
            all["items"].as_array().unwrap().iter().filter(|item| item["category"] == category).collect();
        assert_eq!(page["items"].as_array().unwrap().iter().collect::<Vec<_>>(), of_all);
        total += page["total"].as_u64().unwrap();
    }
    assert_eq!(all["total"].as_u64().unwrap(), total);
    for category in ["", "Monitoring", "files", "code&category=code"] {
        let reply = anonymous.get(&format!("/v1/integrations/catalog?category={category}")).await;
        let said = refused(&reply, 400, "validation_error");
        assert!(said.starts_with("category must be "), "{said}");
    }
}
