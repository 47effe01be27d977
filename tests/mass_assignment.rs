//! Tests that a body sets only what its route accepts (security.md, row 30).

use serde_json::json;

use crate::support::routes::{self, Targets};
use crate::support::{Character, World};

/// Every column of the tables, and names through which other systems have been attacked.
const COLUMNS: [&str; 34] = [
    "id",
    "org_id",
    "orgId",
    "tenant_id",
    "user_id",
    "created_by",
    "createdBy",
    "modified_by",
    "created_at",
    "updated_at",
    "last_tested_at",
    "last_test_code",
    "last_read_at",
    "refreshed_at",
    "status_reason",
    "version",
    "revision",
    "config",
    "envelope",
    "kek_id",
    "google_email",
    "access_token_expires_at",
    "role",
    "roles",
    "principal_type",
    "permissions",
    "organization",
    "integrationId",
    "connected_by",
    "connectedBy",
    "connectedAt",
    "digest",
    "last_used_at",
    "__proto__",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_body_sets_a_column_that_its_route_does_not_take() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot =
        server.client(Character::service_of("acme", "credentials:read credentials:write secrets:read"));
    let mut targets = Targets::nowhere();
    targets.credential = admin.store_sftp("a-password").await;
    let mut tried = 0;
    for request in routes::protected(&targets) {
        let Some(good) = &request.body else { continue };
        let client = if request.is_for_admins() { &admin } else { &robot };
        for column in COLUMNS.iter().filter(|column| good.get(column).is_none()) {
            let mut body = good.clone();
            body[*column] = json!("globex");
            let reply = client.send(request.method.clone(), &request.path, Some(body), &[]).await;
            let place = format!("{} {} with {column}: {}", request.method, request.template, reply.text);
            assert_eq!(reply.status, request.dialect.doc.wrong_shape, "{place}");
            assert!(reply.text.contains(column) && !reply.text.contains("globex"), "{place}");
            tried += 1;
        }
    }
    assert!(tried >= 400, "only {tried} bodies");
    let credentials = admin.get("/integrations/credentials").await.json();
    assert_eq!(credentials.as_array().unwrap().len(), 1, "none of the bodies stored anything");
    assert_eq!(credentials[0]["revision"], 1);
}
