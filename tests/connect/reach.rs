//! Tests of the permissions of this dialect, and of the reach of limited service accounts.

use serde_json::json;
use strongroom_provider_simulator::Marker;

use super::{Stage, connect, path_of, post, refused, shown};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    members_look_and_admins_and_writing_service_accounts_act,
    a_service_account_connects_only_within_its_reach,
);

/// All scopes of a program.
const ALL: [&str; 3] = ["credentials:read", "credentials:write", "secrets:read"];

async fn members_look_and_admins_and_writing_service_accounts_act(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let id = stage.store(&admin, "datadog", Marker::Good).await;
    assert_eq!(connect(&admin, "datadog", &id).await.status, 200);
    let looking = [Character::member_of("acme"), admin.hire(&["credentials:read"]).await];
    let nothing = [Character::guest_of("acme"), admin.hire(&["secrets:read"]).await];
    for (character, looks) in looking.into_iter().map(|one| (one, 200)).chain(nothing.map(|one| (one, 403))) {
        let client = stage.server.client(character);
        assert_eq!(client.get("/v1/integrations").await.status, looks);
        refused(
            &post(&client, "datadog", &stage.credentials("datadog", Marker::Good)).await,
            403,
            "forbidden",
        );
        refused(&connect(&client, "datadog", &id).await, 403, "forbidden");
        refused(&client.delete(&path_of("datadog")).await, 403, "forbidden");
        // The permission is checked before the content of the request.
        refused(&client.post(&path_of("nobody"), json!([])).await, 403, "forbidden");
    }
    let writing = stage.server.client(admin.hire(&["credentials:write"]).await);
    refused(&writing.get("/v1/integrations").await, 403, "forbidden");
    assert_eq!(writing.delete(&path_of("datadog")).await.status, 204);
    let own = stage.store(&writing, "datadog", Marker::Good).await;
    assert_eq!(connect(&writing, "datadog", &own).await.status, 200);
    assert_ne!(shown(&admin, "datadog").await["connectedBy"], "alice");
}

async fn a_service_account_connects_only_within_its_reach(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let datadog = stage.store(&admin, "datadog", Marker::Good).await;
    let spare = stage.store(&admin, "datadog", Marker::Good).await;
    let pagerduty = stage.store(&admin, "pagerduty", Marker::Good).await;
    assert_eq!(connect(&admin, "pagerduty", &pagerduty).await.status, 200);

    let limited = stage.server.client(admin.hire_within(&ALL, json!({ "providers": ["datadog"] })).await);
    let good = stage.credentials("pagerduty", Marker::Good);
    refused(&post(&limited, "pagerduty", &good).await, 403, "forbidden");
    assert_eq!(post(&limited, "datadog", &stage.credentials("datadog", Marker::Good)).await.status, 201);
    refused(&connect(&limited, "pagerduty", &pagerduty).await, 404, "credential_not_found");
    refused(&limited.delete(&path_of("pagerduty")).await, 404, "integration_not_found");
    assert_eq!(limited.get("/v1/integrations").await.json()["total"], 0);
    assert_eq!(connect(&limited, "datadog", &datadog).await.status, 200);
    assert_eq!(limited.get("/v1/integrations").await.json()["total"], 1);

    let limited = stage.server.client(admin.hire_within(&ALL, json!({ "credential_ids": [spare] })).await);
    refused(&post(&limited, "datadog", &stage.credentials("datadog", Marker::Good)).await, 403, "forbidden");
    assert_eq!(limited.get("/v1/integrations").await.json()["total"], 0);
    refused(&limited.delete(&path_of("datadog")).await, 404, "integration_not_found");
    refused(&connect(&limited, "datadog", &datadog).await, 404, "credential_not_found");
    refused(&connect(&limited, "datadog", &spare).await, 409, "already_connected");
    assert_eq!(admin.delete(&path_of("datadog")).await.status, 204);
    // A connection that has ended names no credential, so only callers without limits see it.
    assert_eq!(limited.get("/v1/integrations").await.json()["total"], 0);
    assert_eq!(connect(&limited, "datadog", &spare).await.status, 200);
    assert_eq!(limited.get("/v1/integrations").await.json()["total"], 1);
    assert_eq!(limited.delete(&path_of("datadog")).await.status, 204);
    let listed = admin.get("/v1/integrations").await.json();
    assert_eq!(listed["total"], 2, "{listed}");
}
