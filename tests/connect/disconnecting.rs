//! `DELETE /v1/integrations/{provider}/connect`, and credentials that are deleted while they are connected.

use serde_json::json;
use strongroom_provider_simulator::Marker;

use super::{Stage, connect, credentials_of, events_about, path_of, refused, shown, text};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    a_provider_is_disconnected_and_its_credential_stays,
    a_deleted_credential_leaves_its_connection_disconnected,
);

async fn a_provider_is_disconnected_and_its_credential_stays(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    refused(&admin.delete(&path_of("datadog")).await, 404, "integration_not_found");
    refused(&admin.delete(&path_of("nobody")).await, 404, "provider_not_found");
    let id = stage.store(&admin, "datadog", Marker::Good).await;
    let first = connect(&admin, "datadog", &id).await.json();
    let foreign = stage.server.client(Character::admin_of("globex"));
    refused(&foreign.delete(&path_of("datadog")).await, 404, "integration_not_found");
    let reply = admin.delete(&path_of("DATADOG")).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    refused(&admin.delete(&path_of("datadog")).await, 404, "integration_not_found");
    assert_eq!(credentials_of(&admin, "datadog").await, 1);
    let past = shown(&admin, "datadog").await;
    assert_eq!(past["status"], "disconnected");
    for kept in ["integrationId", "connectedAt"] {
        assert_eq!(past[kept], first[kept], "{kept}");
    }
    assert_eq!(events_about(&admin, "integration.disconnected", &id).await, 1);

    let bob = stage.server.client(Character::user("acme", "bob", &["admin"]));
    let again = connect(&bob, "datadog", &id).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let present = shown(&admin, "datadog").await;
    assert_eq!((&present["status"], &present["connectedBy"]), (&json!("connected"), &json!("bob")));
    assert_ne!(text(&present, "integrationId"), text(&first, "integrationId"));
}

async fn a_deleted_credential_leaves_its_connection_disconnected(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let (used, spare) = (
        stage.store(&admin, "pagerduty", Marker::Good).await,
        stage.store(&admin, "pagerduty", Marker::Good).await,
    );
    assert_eq!(connect(&admin, "pagerduty", &used).await.status, 200);
    assert_eq!(admin.delete(&format!("/integrations/credentials/{spare}")).await.status, 204);
    assert_eq!(shown(&admin, "pagerduty").await["status"], "connected");
    assert_eq!(events_about(&admin, "integration.disconnected", &spare).await, 0);
    assert_eq!(admin.delete(&format!("/integrations/credentials/{used}")).await.status, 204);
    let past = shown(&admin, "pagerduty").await;
    assert_eq!((&past["status"], &past["connectedBy"]), (&json!("disconnected"), &json!("alice")));
    assert_eq!(past["scopes"], json!([]));
    assert_eq!(events_about(&admin, "credential.deleted", &used).await, 1);
    assert_eq!(events_about(&admin, "integration.disconnected", &used).await, 1);
    refused(&admin.delete(&path_of("pagerduty")).await, 404, "integration_not_found");
    refused(&connect(&admin, "pagerduty", &used).await, 404, "credential_not_found");
    let fresh = stage.store(&admin, "pagerduty", Marker::Good).await;
    assert_eq!(connect(&admin, "pagerduty", &fresh).await.status, 200);
    stage.world.setup.must(&["audit", "verify", "--deep"]);
}
