//! Tests that every command works beside a busy server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::client::sftp;
use crate::support::{Character, World, on_both_stores};

on_both_stores!(every_command_works_while_eight_writers_run);

async fn every_command_works_while_eight_writers_run(world: World) {
    let server = world.setup.start().await;
    let (stop, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let admin = server.client(Character::admin_of(&format!("org-{writer}")));
        let (stop, writes) = (stop.clone(), writes.clone());
        writers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let reply = admin.post("/integrations/credentials", sftp("x")).await;
                assert_eq!(reply.status, 201, "{}", reply.text);
                let path = format!("/integrations/credentials/{}", reply.json()["id"].as_str().unwrap());
                assert_eq!(admin.delete(&path).await.status, 204);
                writes.fetch_add(2, Ordering::Relaxed);
            }
        });
    }
    let key = tokio::task::block_in_place(|| run_every_command(&world));
    let robot = server.client(Character::Key(key));
    assert_eq!(robot.get("/integrations/slots/none/credentials").await.status, 404, "the new key works");
    stop.store(true, Ordering::Relaxed);
    writers.join_all().await;
    assert!(writes.load(Ordering::Relaxed) > 20, "the writers hardly wrote");
}

/// Runs every command, and returns the API key that was made.
fn run_every_command(world: &World) -> String {
    let must = |arguments: &[&str]| world.setup.must(arguments);
    must(&["migrate"]);
    let token = must(&["token", "--org", "acme", "--user", "alice", "--role", "admin", "--ttl", "5m"]);
    assert_eq!(token.split('.').count(), 3);
    let account =
        must(&["service-account", "create", "--org", "acme", "--name", "robot", "--scope", "secrets:read"]);
    let key =
        must(&["api-key", "create", "--org", "acme", "--service-account", &account, "--expires", "90d"]);
    assert!(key.starts_with("srk_"));
    must(&["org", "limit", "--org", "acme", "3"]);
    must(&["org", "limit", "--org", "acme", "default"]);
    assert!(must(&["keys", "status"]).contains("primary held"));
    let generated = must(&["keys", "generate", "--name", "k9"]);
    assert!(generated.starts_with("k9:") && generated.len() == 47, "{generated}");
    let findings = must(&["doctor"]);
    assert!(findings.contains("every counter"));
    // The tests' own cluster is asked as its superuser.
    let mark = if world.is_embedded() { "ok   role: " } else { "WARN role: the store's role is a superuser" };
    assert!(findings.contains(mark), "{findings}");
    let verified: Value = serde_json::from_str(&must(&["audit", "verify", "--json", "--deep"])).unwrap();
    assert_eq!(verified["ok"], true, "{verified}");
    must(&["audit", "verify", "--org", "acme"]);
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_arguments_are_refused_with_their_name() {
    let world = World::embedded();
    let unstarted = world.setup.run(&["doctor"]);
    let said = String::from_utf8_lossy(&unstarted.stdout).into_owned();
    assert!(!unstarted.status.success() && said.contains("start the server once"), "{said}");
    world.setup.must(&["migrate"]);
    let rows: [(&[&str], &str); 10] = [
        (&["token", "--org", "a b", "--user", "x", "--role", "admin"], "--org"),
        (&["token", "--org", "a", "--user", "x y ", "--role", "admin"], "--user"),
        (&["token", "--org", "a", "--user", "x", "--role", "owner"], "--role"),
        (&["token", "--org", "a", "--user", "x", "--role", "admin", "--ttl", "25h"], "24 hours"),
        (&["service-account", "create", "--org", "a", "--name", "x", "--scope", "all"], "--scope"),
        (&["api-key", "create", "--org", "a", "--service-account", "x"], "--service-account"),
        (
            &["api-key", "create", "--org", "a", "--service-account", "0192f0c1-7b6a-7abc-8def-0123456789ab"],
            "not found",
        ),
        (
            &[
                "api-key",
                "create",
                "--org",
                "a",
                "--service-account",
                "0192f0c1-7b6a-7abc-8def-0123456789ab",
                "--expires",
                "99999999999d",
            ],
            "--expires must be at most ten years",
        ),
        (&["org", "limit", "--org", "a", "many"], "limit"),
        (&["keys", "generate", "--name", "a b"], "name"),
    ];
    for (arguments, named) in rows {
        let output = world.setup.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(named), "{arguments:?}: {said}");
    }
}

#[test]
fn the_catalog_is_listed_as_the_documentation_says() {
    let world = World::embedded();
    let list: Value = serde_json::from_str(&world.setup.must(&["catalog", "list", "--json"])).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = list.as_array().unwrap().iter().map(|provider| {
        let types: Vec<String> = provider["types"].as_array().unwrap().iter().map(text).collect();
        let test = provider["test"].as_str().unwrap_or("-");
        format!("| {} | {} | {} | {test} |", text(&provider["id"]), text(&provider["name"]), types.join(", "))
    });
    let rows: Vec<String> = rows.collect();
    let page = include_str!("../docs/PROVIDERS.md");
    let table =
        page.split("<!-- catalog:begin -->").nth(1).unwrap().split("<!-- catalog:end -->").next().unwrap();
    let documented: Vec<&str> = table.trim().lines().skip(2).collect();
    assert_eq!(documented, rows);
    assert!(
        rows.iter().filter(|row| row.ends_with("| http |") || row.ends_with("| protocol |")).count() >= 60
    );
}

#[test]
fn the_example_of_the_documentation_is_a_good_provider_file_and_mistakes_are_named() {
    let page = include_str!("../docs/PROVIDERS.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let world = World::embedded();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acme.toml");
    let check = || world.setup.run(&["catalog", "check", &folder.path().display().to_string()]);
    std::fs::write(&file, example).unwrap();
    let good = check();
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    std::fs::write(&file, example.replace("schema = 1", "schema = 1\nsurprise = 2")).unwrap();
    let bad = check();
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&bad.stderr).contains("surprise"),
        "{}",
        String::from_utf8_lossy(&bad.stderr)
    );
}
