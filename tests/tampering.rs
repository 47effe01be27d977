//! Tests of rows that are edited directly in the database: secrets do not open, and the audit trail reveals
//! it (security.md, rows 5 and 23).

use serde_json::{Value, json};

use crate::support::client::sftp;
use crate::support::{Character, Client, Server, World, on_both_stores};

on_both_stores!(
    an_edited_credential_row_does_not_open,
    every_edit_of_the_audit_trail_is_found_at_its_place,
    a_cut_off_tail_is_found_by_a_checkpoint,
    audit_rows_cannot_be_changed_by_accident,
    a_key_that_was_moved_to_another_organisation_is_none,
    an_organisations_key_that_was_edited_opens_nothing,
    a_row_that_is_not_what_the_trail_says_is_found,
    a_trigger_that_eats_records_is_found,
);

const CANARY: &str = "canary-p7w3kz9qx";

struct Victim {
    world: World,
    server: Server,
    id: String,
}

impl Victim {
    async fn new(world: World) -> Self {
        let server = world.setup.start().await;
        let id = server.client(Character::admin_of("acme")).store_sftp(CANARY).await;
        Self { world, server, id }
    }

    fn robot(&self, org: &str) -> Client {
        self.server.client(Character::service_of(org, "secrets:read"))
    }

    fn path(&self) -> String {
        format!("/integrations/credentials/{}/secrets", self.id)
    }

    fn row(&self) -> String {
        format!("WHERE id = {}", self.world.id(&self.id))
    }

    async fn assert_closed(&self, org: &str, path: &str, edit: &str) {
        let reply = self.robot(org).get(path).await;
        assert_eq!(reply.status, 500, "{edit}: {}", reply.text);
        assert_eq!(reply.json()["error"]["code"], "internal_error", "{edit}");
        assert!(!reply.text.contains(CANARY), "{edit}");
        let trail = self
            .server
            .client(Character::admin_of(org))
            .get("/integrations/audit?action=integrity.failed")
            .await;
        assert_eq!(trail.json()["items"][0]["outcome"], "failed", "{edit}: {}", trail.text);
    }
}

async fn an_edited_credential_row_does_not_open(world: World) {
    let victim = Victim::new(world).await;
    let (world, row) = (&victim.world, victim.row());
    let other = victim.server.client(Character::admin_of("acme")).store_sftp("another").await;
    let column = |name: &str| world.sql(&format!("SELECT {name} FROM credentials {row}"));
    let envelope = world.sql(&format!("SELECT {} FROM credentials {row}", world.hex_of("envelope")));
    let kek = world.sql(&format!("SELECT {} FROM credentials {row}", world.hex_of("kek_id")));
    let config = column("config");
    let edits = [
        ("version", "2".to_owned(), column("version")),
        ("provider", "'datadog'".into(), "'sftp'".into()),
        ("credential_type", "'key_file'".into(), "'user_password'".into()),
        ("slot", "'nightly'".into(), "NULL".into()),
        (
            "config",
            format!("'{}'", config.replace("files.example.com", "files.evil.example")),
            format!("'{config}'"),
        ),
        ("config", format!("'{}'", config.replace("22", "23")), format!("'{config}'")),
        ("kek_id", world.bytes("0102030405060708"), world.bytes(&kek)),
        (
            "envelope",
            format!("(SELECT envelope FROM credentials WHERE id = {})", world.id(&other)),
            world.bytes(&envelope),
        ),
        ("envelope", world.bytes(&envelope[..40]), world.bytes(&envelope)),
        ("envelope", world.bytes(&format!("{envelope}00")), world.bytes(&envelope)),
    ];
    for (name, edited, original) in edits {
        world.sql(&format!("UPDATE credentials SET {name} = {edited} {row}"));
        victim.assert_closed("acme", &victim.path(), name).await;
        world.sql(&format!("UPDATE credentials SET {name} = {original} {row}"));
        assert_eq!(victim.robot("acme").get(&victim.path()).await.status, 200, "{name} put back");
    }
    // The positions cover every part of the envelope: format, algorithm, key id, nonces, wrapped key,
    // ciphertext and tag. The unit tests of the vault flip every single bit.
    for at in (0..envelope.len() / 2).step_by(7) {
        let mut bytes = envelope.clone().into_bytes();
        bytes[at * 2] = if bytes[at * 2] == b'0' { b'1' } else { b'0' };
        let flipped = world.bytes(&String::from_utf8(bytes).unwrap());
        world.sql(&format!("UPDATE credentials SET envelope = {flipped} {row}"));
        assert_eq!(victim.robot("acme").get(&victim.path()).await.status, 500, "byte {at}");
    }
    world.sql(&format!("UPDATE credentials SET envelope = {} {row}", world.bytes(&envelope)));
    // The row is moved to another organisation, and to another id.
    world.sql(&format!("UPDATE credentials SET org_id = 'globex' {row}"));
    victim.assert_closed("globex", &victim.path(), "org_id").await;
    let moved = "0192f0c1-7b6a-7abc-8def-0123456789ab";
    world.sql(&format!("UPDATE credentials SET org_id = 'acme', id = {} {row}", world.id(moved)));
    victim.assert_closed("acme", &format!("/integrations/credentials/{moved}/secrets"), "id").await;
}

/// A key is kept in memory for a minute, so each edit is looked at by a server that starts after it.
async fn an_organisations_key_that_was_edited_opens_nothing(world: World) {
    let Victim { mut world, server, id } = Victim::new(world).await;
    server.client(Character::admin_of("globex")).store_sftp("another").await;
    server.stop();
    world.sql("CREATE TABLE kept AS SELECT * FROM organization_keys");
    let of = |org: &str, column: &str| {
        let columns = format!("SELECT {} FROM kept WHERE org_id = '{org}'", world.hex_of(column));
        world.bytes(&world.sql(&columns))
    };
    let edits = [
        format!("UPDATE organization_keys SET wrapped = {} WHERE org_id = 'acme'", of("globex", "wrapped")),
        format!("UPDATE organization_keys SET id = {} WHERE org_id = 'acme'", of("globex", "id")),
        "DELETE FROM organization_keys WHERE org_id = 'acme'".to_owned(),
        "DELETE FROM organization_keys WHERE org_id = 'acme'; UPDATE organization_keys SET org_id = 'acme'"
            .to_owned(),
    ];
    for edit in edits {
        world.sql(&edit);
        let victim = Victim { server: world.setup.start().await, world, id: id.clone() };
        victim.assert_closed("acme", &victim.path(), &edit).await;
        victim.server.stop();
        world = victim.world;
        world.sql("DELETE FROM organization_keys; INSERT INTO organization_keys SELECT * FROM kept");
    }
    // A key that is gone is not made anew, which would stand in the way of the old one.
    world.sql("DELETE FROM organization_keys WHERE org_id = 'acme'");
    let victim = Victim { server: world.setup.start().await, world, id };
    let admin = victim.server.client(Character::admin_of("acme"));
    assert_eq!(admin.post("/integrations/credentials", sftp("new")).await.status, 500);
    let trail = admin.get("/integrations/audit?action=integrity.failed").await.json();
    assert_eq!(trail["items"][0]["target"], "organization_key", "{trail}");
    victim.world.sql("INSERT INTO organization_keys SELECT * FROM kept WHERE org_id = 'acme'");
    assert_eq!(victim.robot("acme").get(&victim.path()).await.status, 200, "put back");
    assert_eq!(admin.post("/integrations/credentials", sftp("new")).await.status, 201);
}

async fn verify(world: &World, extra: &[&str]) -> Value {
    let output = world.setup.run(&[&["audit", "verify", "--json"], extra].concat());
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(output.status.success(), value["ok"] == json!(true), "the exit code says the same");
    value
}

async fn every_edit_of_the_audit_trail_is_found_at_its_place(world: World) {
    let victim = Victim::new(world).await;
    for _ in 0..5 {
        assert_eq!(victim.robot("acme").get(&victim.path()).await.status, 200);
    }
    // The caller of the last record has no issuer, as in the records of earlier builds.
    let key = victim.server.client(Character::admin_of("acme")).hire(&["secrets:read"]).await;
    assert_eq!(victim.server.client(key).get(&victim.path()).await.status, 200);
    let world = &victim.world;
    assert_eq!(verify(world, &[]).await["ok"], true);
    let last = world.sql("SELECT max(seq) FROM audit_events WHERE org_id = 'acme'");
    world.disarm_audit_triggers();
    world.sql("CREATE TABLE kept AS SELECT * FROM audit_events");
    for (column, edited, seq) in edits(world, &last) {
        world.sql(&format!(
            "UPDATE audit_events SET {column} = {edited} WHERE org_id = 'acme' AND seq = {seq}"
        ));
        assert_broken(&verify(world, &["--org", "acme"]).await, seq.parse().unwrap(), column);
        restore(world);
    }
    let row = "WHERE org_id = 'acme' AND seq = 3";
    world.sql(&format!("DELETE FROM audit_events {row}"));
    assert_broken(&verify(world, &[]).await, 3, "delete");
    restore(world);
    world.sql("UPDATE audit_events SET seq = 100 WHERE seq = 3");
    world.sql("UPDATE audit_events SET seq = 3 WHERE seq = 4");
    world.sql("UPDATE audit_events SET seq = 4 WHERE seq = 100");
    assert_broken(&verify(world, &[]).await, 3, "reorder");
    restore(world);
    let inserted = last.parse::<u64>().unwrap() + 1;
    world.sql("CREATE TABLE copied AS SELECT * FROM kept WHERE org_id = 'acme' AND seq = 2");
    world.sql(&format!("UPDATE copied SET seq = {inserted}"));
    world.sql("INSERT INTO audit_events SELECT * FROM copied");
    assert_broken(&verify(world, &[]).await, inserted, "insert behind the head");
    restore(world);
    world.sql(&format!("DELETE FROM audit_events WHERE org_id = 'acme' AND seq = {last}"));
    assert_broken(&verify(world, &[]).await, last.parse().unwrap(), "truncate");
    restore(world);
    world.sql("DELETE FROM audit_heads WHERE org_id = 'acme'");
    assert_broken(&verify(world, &[]).await, 1, "a head that is gone");
}

/// Columns, what is written into them, and the place of the record. The first record has a digest, the third
/// is a read by a token, and the last a read by an API key.
fn edits<'a>(world: &World, last: &'a str) -> Vec<(&'static str, String, &'a str)> {
    let digest = world.bytes(&"ab".repeat(32));
    let later = if world.is_embedded() { "at + 1" } else { "at + interval '1 microsecond'" };
    let edits = [
        ("at", later, "3"),
        ("action", "'credential.renamed'", "3"),
        ("outcome", "'denied'", "3"),
        ("actor", "'user:nobody'", "3"),
        ("issuer", "'https://other.example.test'", "3"),
        ("issuer", "NULL", "3"),
        ("issuer", "''", "3"),
        ("issuer", "'strongroom'", last),
        ("authentication", "'jwt:other'", "3"),
        ("request_id", "'01HX9VTPQR3KF8MZWBYD5N6JCE'", "3"),
        ("source_ip", "'192.0.2.1'", "3"),
        ("target", "'something'", "3"),
        ("provider", "'datadog'", "3"),
        ("version", "7", "3"),
        ("envelope_digest", &digest, "3"),
        ("envelope_digest", &digest, "1"),
        ("envelope_digest", "NULL", "1"),
        ("details", "'{\"a\":\"b\"}'", "3"),
        ("credential_id", "NULL", "3"),
        ("mac", "(SELECT mac FROM kept WHERE seq = 2)", "3"),
        ("org_id", "'globex'", "3"),
        ("seq", "99", "3"),
        ("action", "'nonsense'", "3"),
    ];
    edits.into_iter().map(|(column, edited, seq)| (column, edited.to_owned(), seq)).collect()
}

fn assert_broken(found: &Value, seq: u64, edit: &str) {
    assert_eq!(found["ok"], json!(false), "{edit} was not found");
    let acme = found["broken"].as_array().unwrap().iter().find(|entry| entry["org"] == "acme");
    assert_eq!(acme.unwrap_or_else(|| panic!("{edit}: {found}"))["seq"], json!(seq), "{edit}: {found}");
}

fn restore(world: &World) {
    world.sql("DELETE FROM audit_events");
    world.sql("INSERT INTO audit_events SELECT * FROM kept");
}

async fn a_cut_off_tail_is_found_by_a_checkpoint(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checkpoints.jsonl");
    let world = world.with("STRONGROOM_AUDIT__CHECKPOINT_FILE", &file.display().to_string());
    let victim = Victim::new(world).await;
    for _ in 0..3 {
        assert_eq!(victim.robot("acme").get(&victim.path()).await.status, 200);
    }
    let Victim { world, server, .. } = victim;
    let logs = server.stop();
    assert!(logs.contains("strongroom::audit_checkpoint"), "the checkpoint is in the log too: {logs}");
    let arguments = ["--checkpoints", file.to_str().unwrap()];
    let good = verify(&world, &arguments).await;
    assert_eq!((&good["ok"], good["checkpoints"].as_u64() >= Some(1)), (&json!(true), true), "{good}");

    // This cuts off the end of the chain and sets the head back, as an attacker who knows the tables would
    // do.
    world.disarm_audit_triggers();
    let last: u64 = world.sql("SELECT seq FROM audit_heads WHERE org_id = 'acme'").parse().unwrap();
    world.sql(&format!("DELETE FROM audit_events WHERE org_id = 'acme' AND seq > {}", last - 2));
    world.sql(&format!(
        "UPDATE audit_heads SET seq = {0}, mac = (SELECT mac FROM audit_events WHERE org_id = 'acme' AND seq = {0}) \
         WHERE org_id = 'acme'",
        last - 2
    ));
    assert_eq!(verify(&world, &[]).await["ok"], true, "the chain alone cannot show it");
    assert_broken(&verify(&world, &arguments).await, last, "truncate with its head");

    // An edited checkpoint is not accepted.
    let text =
        std::fs::read_to_string(&file).unwrap().replace(&format!("[{last},"), &format!("[{},", last - 2));
    std::fs::write(&file, text).unwrap();
    let output = world.setup.run(&["audit", "verify", "--checkpoints", file.to_str().unwrap()]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not a checkpoint of this deployment"));
}

async fn audit_rows_cannot_be_changed_by_accident(world: World) {
    let victim = Victim::new(world).await;
    let refused = |statement: &str| match &victim.world.database {
        Some(database) => database.run_sql(statement).is_err(),
        None => {
            let file = victim.world.setup.data_dir().join("strongroom.db");
            let output = std::process::Command::new("sqlite3").arg(file).arg(statement).output().unwrap();
            !output.status.success()
        }
    };
    assert!(refused("UPDATE audit_events SET actor = 'user:nobody'"));
    assert!(refused("DELETE FROM audit_events"));
    assert!(!refused("SELECT count(*) FROM audit_events"));
    let mut body = sftp("x");
    body["credentials"]["host"] = json!("x.example.com");
    assert_eq!(
        victim
            .server
            .client(Character::admin_of("acme"))
            .post("/integrations/credentials", body)
            .await
            .status,
        201
    );
}

async fn a_key_that_was_moved_to_another_organisation_is_none(world: World) {
    let victim = Victim::new(world).await;
    let evil = victim.server.client(Character::admin_of("evil"));
    let key = victim.server.client(evil.hire(&["secrets:read"]).await);
    assert_eq!(key.get(&victim.path()).await.status, 404);
    // The owner of the database can switch off the foreign keys between the tables.
    let unbound = match victim.world.is_embedded() {
        true => "PRAGMA foreign_keys = OFF",
        false => "SET session_replication_role = replica",
    };
    let moves = ["service_accounts", "api_keys", "api_key_locator"]
        .map(|table| format!("UPDATE {table} SET org_id = 'acme' WHERE org_id = 'evil'"));
    victim.world.sql(&format!("{unbound}; {}", moves.join("; ")));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let reply = key.get(&victim.path()).await;
        assert!([404, 401].contains(&reply.status), "{}", reply.text);
        if reply.status == 401 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the moved key still works");
    }
}

/// What a deep check says about the credentials of `acme`.
async fn differing(world: &World) -> Vec<(String, String)> {
    let found = verify(world, &["--deep"]).await;
    assert_eq!(found["broken"], json!([]), "{found}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = found["differing"].as_array().unwrap();
    list.iter().map(|one| (text(&one["credential"]), text(&one["reason"]))).collect()
}

async fn a_row_that_is_not_what_the_trail_says_is_found(world: World) {
    let victim = Victim::new(world).await;
    let (world, row, id) = (&victim.world, victim.row(), victim.id.clone());
    let admin = victim.server.client(Character::admin_of("acme"));
    let path = format!("/integrations/credentials/{id}");
    world.sql("CREATE TABLE kept AS SELECT * FROM credentials");
    let mut rotated = sftp("rotated");
    rotated.as_object_mut().unwrap().remove("provider");
    assert_eq!(admin.patch(&path, rotated).await.status, 200);
    world.sql("CREATE TABLE now AS SELECT * FROM credentials");
    assert_eq!(differing(world).await, []);
    let expect = async |reason: &str| {
        assert_eq!(differing(world).await, [(id.clone(), reason.to_owned())]);
        let doctor = world.setup.run(&["doctor"]);
        let said = String::from_utf8(doctor.stdout).unwrap();
        let line = said.lines().find(|line| line.starts_with("BAD  rows:"));
        assert!(line.is_some_and(|line| line.contains(&id) && line.contains(reason)), "{said}");
    };
    let put = |table: &str| {
        world.sql(&format!("DELETE FROM credentials {row}"));
        world.sql(&format!("INSERT INTO credentials SELECT * FROM {table}"));
    };
    put("kept");
    assert!(victim.robot("acme").get(&victim.path()).await.text.contains(CANARY), "an old row opens");
    expect("its content is of another version than the last one on record").await;
    put("now");
    assert_eq!(differing(world).await, []);
    world.sql(&format!("UPDATE credentials SET envelope = (SELECT envelope FROM kept) {row}"));
    expect("its content is not the one on record").await;
    put("now");
    world.sql(&format!("UPDATE credentials SET slot = 'nightly' {row}"));
    expect("its secret does not open: the row, or its key, was changed").await;
    put("now");
    world.sql("CREATE TABLE keys AS SELECT * FROM organization_keys; DELETE FROM organization_keys");
    expect("its secret does not open: the key is not there").await;
    world.sql("INSERT INTO organization_keys SELECT * FROM keys");
    world.sql(&format!("DELETE FROM credentials {row}"));
    assert_eq!(differing(world).await, [(id.clone(), "no record says that it was deleted".to_owned())]);
    put("now");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(differing(world).await, []);
    put("now");
    expect("it was deleted, and it is there").await;
}

async fn a_trigger_that_eats_records_is_found(world: World) {
    let server = world.setup.start().await;
    assert!(world.setup.must(&["doctor"]).contains("ok   triggers: as the migrations made them"));
    if world.is_embedded() {
        world.disarm_audit_triggers();
        world.sql(
            "CREATE TRIGGER eater AFTER INSERT ON audit_events BEGIN DELETE FROM audit_events WHERE seq = NEW.seq; END",
        );
    } else {
        world.disarm_audit_triggers();
        world.sql("CREATE RULE eater AS ON INSERT TO audit_events DO INSTEAD NOTHING");
    }
    let doctor = world.setup.run(&["doctor"]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    let line =
        said.lines().find(|line| line.starts_with("BAD  triggers:")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("eater on audit_events") && line.contains("audit_events_a"), "{said}");
    drop(server);
}
