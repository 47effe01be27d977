//! Tests that all dialects share one vault: the primary dialect lists, tests, reads, rotates and destroys
//! what this one stores.

use serde_json::{Value, json};
use strongroom_domain::CredentialType;
use strongroom_provider_simulator::Marker;

use super::{CANARY, LIST, detail, hubspot, put, robot, salesforce, sent_fields, store};
use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    the_primary_dialect_shows_the_same_credential,
    a_rotation_in_one_dialect_is_seen_in_the_other,
    a_rotation_here_keeps_what_only_the_other_dialect_has_set,
    a_credential_of_this_dialect_is_tested_at_its_provider,
    what_holds_no_slot_is_not_seen_here,
    the_quota_counts_both_dialects,
);

const PRIMARY: &str = "/integrations/credentials";

fn primary(path: &str) -> String {
    path.replace("/integration-credentials", PRIMARY)
}

async fn the_primary_dialect_shows_the_same_credential(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let path = store(&robot, salesforce()).await;
    let listed = admin.get(PRIMARY).await;
    let object = &listed.json()[0];
    let config = json!({ "instance_url": "https://mycompany.my.salesforce.com", "api_version": "v58.0" });
    assert_eq!((&object["slot"], &object["config"]), (&json!("crm/salesforce"), &config));
    assert_eq!((&object["credential_type"], &object["status"]), (&json!("oauth2"), &json!("unverified")));
    assert!(!listed.text.contains(CANARY));
    assert_eq!(admin.get(&format!("{PRIMARY}?slot=crm/salesforce")).await.json(), listed.json());

    let secrets = robot.get(&format!("{}/credentials", primary(&path))).await.json();
    let mut expected = salesforce();
    expected.as_object_mut().unwrap().remove("provider");
    for field in ["instance_url", "api_version", "refresh_token"] {
        expected[field] = salesforce()["metadata"][field].clone();
    }
    assert_eq!((&secrets["credentials"], &secrets["credential_type"]), (&expected, &json!("oauth2")));
    for slot in ["crm%2Fsalesforce", "crm/salesforce"] {
        let refused = robot.get(&format!("/integrations/slots/{slot}/credentials")).await;
        assert!([400, 404].contains(&refused.status) && !refused.text.contains(CANARY), "{}", refused.status);
    }

    assert_eq!(admin.delete(&primary(&path)).await.status, 204);
    assert_eq!(robot.get(&path).await.status, 404);
    store(&robot, salesforce()).await;
}

async fn a_rotation_in_one_dialect_is_seen_in_the_other(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let path = store(&robot, salesforce()).await;
    let credentials = json!({ "instance_url": "https://new.my.salesforce.com", "access_token": "rotated" });
    let rotation = json!({ "credential_type": "api_key", "credentials": credentials });
    let rotated = admin.patch(&primary(&path), rotation).await.json();
    assert_eq!((&rotated["slot"], &rotated["version"]), (&json!("crm/salesforce"), &json!(2)));
    let shown = robot.get(&path).await;
    let expected = json!({
        "provider": "salesforce", "dsn": "https://new.my.salesforce.com", "access_token": "rotated", "metadata": {},
    });
    assert_eq!((sent_fields(&shown.json()), shown.header("etag")), (expected, "\"2\""));

    let changed = put(&robot, &path, json!({ "metadata": { "refresh_token": "again", "note": 1 } })).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"3\""));
    let secrets = robot.get(&format!("{}/credentials", primary(&path))).await.json();
    let expected = json!({
        "instance_url": "https://new.my.salesforce.com", "access_token": "rotated", "refresh_token": "again",
        "dsn": "https://new.my.salesforce.com", "metadata": { "refresh_token": "again", "note": 1 },
    });
    assert_eq!((&secrets["credentials"], &secrets["version"]), (&expected, &json!(3)));
}

async fn a_rotation_here_keeps_what_only_the_other_dialect_has_set(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let new = json!({ "provider": "custom", "dsn": "https://api.example.com/v1", "access_token": "first" });
    let path = store(&robot, new).await;
    let mut credentials = json!({
        "base_url": "https://api.example.com/v1", "api_key": "second", "header_name": "X-Api-Key",
        "header_prefix": "Token", "test_path": "/users/me",
    });
    let change = json!({ "credential_type": "api_key", "credentials": credentials });
    assert_eq!(robot.patch(&primary(&path), change).await.status, 200);
    let end = json!({ "expires_at": "2031-02-03T04:05:06Z" });
    assert_eq!(robot.patch(&primary(&path), end.clone()).await.status, 200);
    assert_eq!(put(&robot, &path, json!({ "access_token": "third" })).await.status, 200);
    assert_eq!(robot.get(&primary(&path)).await.json()["expires_at"], end["expires_at"]);
    credentials.as_object_mut().unwrap().remove("api_key");
    assert_eq!(robot.get(&primary(&path)).await.json()["config"], credentials);
}

async fn a_credential_of_this_dialect_is_tested_at_its_provider(world: World) {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(world);
    let server = world.setup.start().await;
    let robot = robot(&server);
    let cases = [
        ("salesforce", "https://mycompany.my.salesforce.com", "access_token"),
        ("pipedrive", "https://mycompany.pipedrive.com", "api_token"),
    ];
    for (provider, dsn, token) in cases {
        let good = rehearsal.credentials(provider, CredentialType::ApiKey, Marker::Good);
        let bad = rehearsal.credentials(provider, CredentialType::ApiKey, Marker::Bad);
        let new = json!({ "provider": provider, "dsn": dsn, "access_token": good[token] });
        let path = store(&robot, new).await;
        let tested = robot.post(&format!("{}/test", primary(&path)), json!({})).await;
        assert_eq!(
            (tested.status, &tested.json()["code"]),
            (200, &json!("ok")),
            "{provider}: {}",
            tested.text
        );
        assert_eq!(put(&robot, &path, json!({ "access_token": bad[token] })).await.status, 200);
        let tested = robot.post(&format!("{}/test", primary(&path)), json!({})).await;
        assert_eq!(tested.json()["code"], "auth_rejected", "{provider}: {}", tested.text);
    }
}

async fn what_holds_no_slot_is_not_seen_here(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let new = json!({
        "provider": "salesforce", "credential_type": "api_key", "slot": "salesforce",
        "credentials": { "instance_url": "https://mycompany.my.salesforce.com", "access_token": CANARY },
    });
    let mut claiming = new.clone();
    claiming["slot"] = json!("crm/salesforce");
    assert_eq!(admin.post(PRIMARY, claiming).await.status, 400);
    let stored = admin.post(PRIMARY, new).await.json();
    let path = format!("{LIST}{}", stored["id"].as_str().unwrap());
    for client in [&admin, &robot] {
        let gone = [
            client.get(&path).await,
            put(client, &path, json!({ "access_token": "x" })).await,
            put(client, &path, json!({})).await,
            client.delete(&path).await,
            client.get(&format!("{LIST}provider/salesforce")).await,
        ];
        for reply in gone {
            assert_eq!((reply.status, reply.text.contains(CANARY)), (404, false));
        }
        assert_eq!(client.get(LIST).await.json(), json!([]));
    }
    assert_eq!(admin.get(&primary(&path)).await.json(), stored);
    assert_eq!(robot.post(LIST, salesforce()).await.status, 201, "the provider's slot is another one");
}

async fn the_quota_counts_both_dialects(world: World) {
    let world = world.with("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "2");
    let server = world.setup.start().await;
    let robot = robot(&server);
    let new = json!({
        "provider": "hubspot", "credential_type": "api_key", "credentials": { "access_token": "a-token" },
    });
    let mut ids: Vec<Value> = Vec::new();
    for _ in 0..2 {
        ids.push(robot.post(PRIMARY, new.clone()).await.json()["id"].clone());
    }
    let full = "The organisation holds as many credentials of this provider as it may (2); an operator raises the \
                limit with `strongroom org limit`";
    assert_eq!(detail(&robot.post(LIST, hubspot()).await), (409, full.to_owned()));
    assert_eq!(robot.delete(&format!("{PRIMARY}/{}", ids[0].as_str().unwrap())).await.status, 204);
    store(&robot, hubspot()).await;
    assert_eq!(robot.post(PRIMARY, new).await.status, 409);
}
