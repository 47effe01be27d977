//! Tests of flows in the connect dialect: a connection exists from the moment its flow completes (api.md
//! 2.2).

use std::path::Path;

use serde_json::json;

use super::{Form, HOUR, admin, location, parameter, robot, visit};
use crate::support::authorization_servers::{Browser, OidcServer, with_app};
use crate::support::{World, on_both_stores};

on_both_stores!(a_provider_is_connected_by_a_flow);

const DONE: &str = "https://app.example.com/done";

/// A world with a provider of the connect dialect that is connected by a flow.
fn listed(provider: &OidcServer, world: World) -> World {
    let world = with_app(world, "acme_tickets").with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", DONE);
    let overlay = world.setup.variable("STRONGROOM_CATALOG__DIR").unwrap().to_owned();
    let path = Path::new(&overlay).join("acme_tickets.toml");
    provider.write_provider(Path::new(&overlay), "acme_tickets");
    let mut file: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let listing = toml::toml! {
        category = "ticketing"
        auth_type = "oauth2"
    };
    file["dialects"].as_table_mut().unwrap().insert("connect".into(), listing.into());
    std::fs::write(&path, toml::to_string(&file).unwrap()).unwrap();
    world
}

/// With completion `bound` a service account must name its end user, which this dialect has no parameter for.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_is_told_where_to_begin_a_bound_flow() {
    let provider = OidcServer::start(HOUR);
    let world =
        listed(&provider, provider.set(World::embedded())).with("STRONGROOM_OAUTH__COMPLETION", "bound");
    let server = world.setup.start().await;
    let refused =
        robot(&server).post("/v1/integrations/acme_tickets/connect", json!({ "redirectUrl": DONE })).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("redirectUrl") && refused.text.contains("/authorize"), "{}", refused.text);
}

async fn a_provider_is_connected_by_a_flow(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = listed(&provider, provider.set(world));
    let server = world.setup.start().await;
    let admin = admin(&server);
    let catalog = admin.get("/v1/integrations/catalog?category=ticketing").await.json();
    let entry = catalog["items"].as_array().unwrap().iter().find(|item| item["provider"] == "acme_tickets");
    assert_eq!(entry.unwrap()["scopes"], json!(["openid", "email"]));

    let connect = "/v1/integrations/acme_tickets/connect";
    let elsewhere = admin.post(connect, json!({ "redirectUrl": "https://evil.example/" })).await;
    assert_eq!(elsewhere.status, 400);
    assert!(elsewhere.json()["message"].as_str().unwrap().contains("redirectUrl"), "{}", elsewhere.text);
    let begun = admin.post(connect, json!({ "redirectUrl": DONE })).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let begun = begun.json();
    let back = Browser::default().follow(begun["authorizationUrl"].as_str().unwrap()).await;
    let form = Form::of(&visit(&back).await);
    assert_eq!(admin.get("/v1/integrations").await.json()["total"], 0, "not before it is confirmed");
    let sent = location(&form.press("connect").await);
    assert_eq!(parameter(&sent, "status").as_deref(), Some("validated"));
    let listed = admin.get("/v1/integrations").await.json();
    let item = &listed["items"][0];
    assert_eq!(
        (&item["provider"], &item["status"]),
        (&json!("acme_tickets"), &json!("connected")),
        "{listed}"
    );
    assert_eq!((&item["connectedBy"], &item["scopes"]), (&json!("alice"), &json!(["openid", "email"])));
    let again = admin.post(connect, json!({ "redirectUrl": DONE })).await;
    assert_eq!((again.status, &again.json()["error"]), (409, &json!("already_connected")));
    let trail = admin.get("/integrations/audit?action=integration.connected").await.json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1, "{trail}");

    assert_eq!(admin.delete(connect).await.status, 204);
    let second = admin.post(connect, json!({ "redirectUrl": DONE })).await.json();
    let back = Browser::default().follow(second["authorizationUrl"].as_str().unwrap()).await;
    Form::of(&visit(&back).await).press("connect").await;
    assert_eq!(admin.get("/v1/integrations?status=connected").await.json()["total"], 1);
}
