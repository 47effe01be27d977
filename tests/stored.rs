//! Tests that stores written by an earlier build can be opened, give the same answers, and can still be used.
//! The file tests/stored/README.md says what they contain and how they were written.

mod asking;
mod granting;
mod living;
mod restoring;
mod story;
mod writing;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strongroom_domain::{CredentialStatus, CredentialType};

use crate::support::client::sftp;
use crate::support::{Character, World, on_both_stores};
use asking::{Book, compare};
use restoring::{Kind, Restored};

on_both_stores!(
    stored_vaults_say_what_they_said,
    every_edit_of_a_stored_vault_is_noticed,
    accounts_that_read_secrets_read_refresh_tokens_on_and_that_is_on_record,
    rows_of_both_formats_live_side_by_side,
);

async fn accounts_that_read_secrets_read_refresh_tokens_on_and_that_is_on_record(world: World) {
    let Restored { world, rehearsal: _rehearsal, .. } = Restored::in_world(world).await;
    for start in 0..2 {
        let server = world.setup.start().await;
        let admin = server.client(Character::admin_of("acme"));
        let accounts = admin.get("/service-accounts").await.json();
        let mut expected = BTreeSet::new();
        for account in accounts.as_array().unwrap() {
            let scopes: Vec<&str> =
                account["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
            assert_eq!(
                scopes.contains(&"refresh_tokens:read"),
                scopes.contains(&"secrets:read"),
                "{account}"
            );
            if scopes.contains(&"secrets:read") {
                expected.insert(account["id"].as_str().unwrap().to_owned());
            }
        }
        assert!(!expected.is_empty() && expected.len() < accounts.as_array().unwrap().len());
        let upgraded = "/integrations/audit?action=service_account.scopes_granted&actor=system:upgrade";
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let recorded = loop {
            let items = admin.get(upgraded).await.json()["items"].clone();
            let items = items.as_array().unwrap().clone();
            if items.len() >= expected.len() {
                break items;
            }
            assert!(std::time::Instant::now() < deadline, "{items:?}");
        };
        let targets: Vec<String> =
            recorded.iter().map(|event| event["target"].as_str().unwrap().to_owned()).collect();
        assert_eq!(targets.len(), expected.len(), "start {start}: once for each");
        assert_eq!(BTreeSet::from_iter(targets), expected);
        assert!(recorded[0]["details"]["scopes"].as_str().unwrap().contains("refresh_tokens:read"));
        server.stop();
    }
}

async fn stored_vaults_say_what_they_said(world: World) {
    let Restored { world, rehearsal, kind } = Restored::in_world(world).await;
    let book = Book::read(kind);
    let before = verified(&world);
    let mut differences = Vec::new();
    compare("audit verify", &book.verified, &before, &mut differences);
    assert_eq!(differences, [""; 0]);
    let server = world.setup.start().await;
    assert_eq!(book.differences(&server).await, [""; 0]);
    assert_eq!(rehearsal.simulator.connections(), 0, "no answer depends on a provider");
    server.stop();
    is_sound(&world, &before);
}

/// What an earlier build sealed opens in its format until it is changed; what is new or changed is sealed in
/// the present format.
async fn rows_of_both_formats_live_side_by_side(world: World) {
    let Restored { world, rehearsal: _rehearsal, .. } = Restored::in_world(world).await;
    let formats = || {
        let first_byte = format!("substr({}, 1, 2)", world.hex_of("envelope"));
        let of_acme = format!("SELECT count(*) FROM credentials WHERE org_id = 'acme' AND {first_byte} = ");
        ["01", "02"].map(|format| world.sql(&format!("{of_acme}'{format}'")).parse::<u64>().unwrap())
    };
    let [before, none] = formats();
    assert!(before > 10 && none == 0);
    let server = world.setup.start().await;
    let (admin, robot) = (
        server.client(Character::admin_of("acme")),
        server.client(Character::service_of("acme", "secrets:read refresh_tokens:read")),
    );
    let secrets = async |id: &str| robot.get(&format!("/integrations/credentials/{id}/secrets")).await;
    let listed = admin.get("/integrations/credentials?slot=nightly.export").await.json();
    let old = listed[0]["id"].as_str().unwrap().to_owned();
    let renamed =
        admin.patch(&format!("/integrations/credentials/{old}"), json!({ "name": "Renamed" })).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let new = admin.store_sftp("of this build").await;
    assert_eq!(formats(), [before, 1], "a name changes no secret");
    assert_eq!((secrets(&old).await.status, secrets(&new).await.status), (200, 200));
    let both = robot.post("/integrations/credentials/secrets", json!({ "ids": [old, new] })).await;
    assert_eq!(both.status, 200, "{}", both.text);

    let content = sftp("changed");
    let changed =
        json!({ "credential_type": content["credential_type"], "credentials": content["credentials"] });
    let changed = admin.patch(&format!("/integrations/credentials/{old}"), changed).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(formats(), [before - 1, 2]);
    assert_eq!(secrets(&old).await.json()["credentials"]["password"], "changed");
    assert_eq!(world.sql("SELECT count(*) FROM organization_keys"), "1");
    // The slot is bound from now on.
    let row = world.id(&old);
    world.sql(&format!("UPDATE credentials SET slot = NULL WHERE id = {row}"));
    assert_eq!(secrets(&old).await.status, 500);
    world.sql(&format!("UPDATE credentials SET slot = 'nightly.export' WHERE id = {row}"));
    server.stop();
    assert_eq!(verified(&world)["ok"], true);
    world.setup.must(&["audit", "verify", "--deep"]);
}

/// The output of `audit verify`, with the checkpoints that were kept beside the store.
fn verified(world: &World) -> Value {
    let checkpoints = world.setup.data_dir().join("audit-checkpoints.jsonl");
    let arguments = ["audit", "verify", "--json", "--checkpoints", checkpoints.to_str().unwrap()];
    let output = world.setup.run(&arguments);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Checks that the chains are intact, with new events after the old ones, and that the doctor finds nothing.
fn is_sound(world: &World, before: &Value) {
    let after = verified(world);
    assert_eq!((&after["ok"], &after["chains"]), (&true.into(), &before["chains"]), "{after}");
    let grown = |name: &str| after[name].as_u64() > before[name].as_u64();
    assert!(grown("events") && grown("checkpoints"), "{after} after {before}");
    assert!(world.setup.must(&["doctor"]).contains("every counter"));
    let rows = world.setup.must(&["audit", "verify", "--deep"]);
    assert!(rows.contains(" credentials") && !rows.contains(" 0 credentials"), "{rows}");
}

/// The answers depend on the stored rows, so every edit of a row makes a difference.
async fn every_edit_of_a_stored_vault_is_noticed(world: World) {
    let Restored { world, rehearsal: _rehearsal, kind } = Restored::in_world(world).await;
    let book = Book::read(kind);
    world.disarm_audit_triggers();
    // Flips the last bit of the bytes in one column of one row.
    let flipped = |table: &str, column: &str, row: &str| {
        let mut hex = world.sql(&format!("SELECT {} FROM {table} WHERE {row}", world.hex_of(column)));
        let last = u8::from_str_radix(&hex.split_off(hex.len() - 2), 16).unwrap();
        let bytes = world.bytes(&format!("{hex}{:02x}", last ^ 1));
        format!("UPDATE {table} SET {column} = {bytes} WHERE {row}")
    };
    let key = format!("key_id = '{}'", book.keys["reader"].as_str().unwrap().split('_').nth(1).unwrap());
    let edits = [
        flipped("api_keys", "digest", &key),
        flipped("credentials", "envelope", "slot = 'nightly.export'"),
        flipped("audit_events", "mac", "org_id = 'globex' AND seq = 5"),
        "UPDATE credentials SET version = version + 1 WHERE provider = 'postgresql'".to_owned(),
        "UPDATE credentials SET config = replace(config, '2222', '2223')".to_owned(),
        "UPDATE credentials SET credential_type = 'api_key' WHERE name = 'Mail'".to_owned(),
        "UPDATE audit_events SET details = '{}' WHERE org_id = 'acme' AND action = 'egress.refused'"
            .to_owned(),
        "UPDATE audit_events SET source_ip = '192.0.2.1' WHERE org_id = 'globex' AND seq = 2".to_owned(),
    ];
    let server = world.setup.start().await;
    let mut found = BTreeSet::new();
    for edit in edits {
        world.sql(&edit);
        let differences: BTreeSet<String> = book.differences(&server).await.into_iter().collect();
        assert!(differences.difference(&found).next().is_some(), "{edit} was not noticed");
        found = differences;
    }
    assert_eq!(verified(&world)["ok"], false);
}

#[test]
fn something_of_every_type_and_every_status_is_stored() {
    for kind in [Kind::Embedded, Kind::Postgres] {
        let book = Book::read(kind);
        let list = book.answers.iter().find(|answer| answer["path"] == "/integrations/credentials?limit=200");
        let list = list.unwrap()["answer"].as_array().unwrap();
        let found =
            |name: &str| -> BTreeSet<&str> { list.iter().map(|item| item[name].as_str().unwrap()).collect() };
        let types = CredentialType::ALL.map(CredentialType::as_str);
        assert_eq!(found("credential_type"), BTreeSet::from(types), "{kind:?}");
        assert_eq!(
            found("status"),
            BTreeSet::from(CredentialStatus::ALL.map(CredentialStatus::as_str)),
            "{kind:?}"
        );
    }
}
