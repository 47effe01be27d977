//! Tests that nothing is shown or stored when its audit event cannot be recorded (security.md, row 24).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{CANARY, LIST, detail, hubspot, put, robot, salesforce, store};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    without_a_record_nothing_is_shown_in_the_clear,
    without_a_record_nothing_is_written,
    a_record_that_has_to_wait_is_503_in_time,
);

/// Makes the store refuse events of one action from now on.
fn refuse_events(world: &World, action: &str) {
    let trigger = if world.is_embedded() {
        format!(
            "CREATE TRIGGER broken BEFORE INSERT ON audit_events WHEN NEW.action = '{action}'
             BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    } else {
        format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
             CREATE TRIGGER broken BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.action = '{action}')
             EXECUTE FUNCTION broken()"
        )
    };
    world.sql(&trigger);
}

async fn without_a_record_nothing_is_shown_in_the_clear(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let path = store(&robot, salesforce()).await;
    refuse_events(&world, "secret.read");
    for path in [path.as_str(), "/integration-credentials/provider/salesforce", LIST] {
        let reply = robot.get(path).await;
        assert!(reply.status >= 500 && !reply.everything().contains(CANARY), "{}", reply.status);
        assert!(!detail(&reply).1.is_empty());
        assert_eq!(admin.get(path).await.status, 200, "masks need no record");
    }
}

async fn without_a_record_nothing_is_written(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let path = store(&robot, salesforce()).await;
    let before = robot.get(&path).await.json();
    refuse_events(&world, "secret.read");
    let created = robot.post(LIST, hubspot()).await;
    let changed = put(&robot, &path, json!({ "metadata": { "note": "changed" } })).await;
    for reply in [created, changed] {
        assert!(reply.status >= 500 && !reply.everything().contains(CANARY), "{}", reply.status);
    }
    world.sql(if world.is_embedded() {
        "DROP TRIGGER broken"
    } else {
        "DROP TRIGGER broken ON audit_events"
    });
    let listed = robot.get(LIST).await.json();
    assert_eq!(listed, json!([before]), "neither the creation nor the change is there");
    assert_eq!(admin.post(LIST, hubspot()).await.status, 201);
    assert!(world.setup.must(&["audit", "verify"]).contains("chains"));
}

/// Starts a process that holds the lock which an event of the organisation needs, until its standard input is
/// closed.
fn hold_chain(world: &World) -> Child {
    let (mut command, statements) = match &world.database {
        Some(database) => {
            let mut command = Command::new("psql");
            command.arg(database.url());
            (command, "BEGIN; SELECT 'held', seq FROM audit_heads WHERE org_id = 'acme' FOR UPDATE;\n")
        }
        None => {
            let mut command = Command::new("sqlite3");
            command.arg(world.setup.data_dir().join("strongroom.db"));
            (command, ".timeout 5000\nBEGIN IMMEDIATE; SELECT 'held';\n")
        }
    };
    let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    holder.stdin.as_mut().unwrap().write_all(statements.as_bytes()).unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")));
    holder
}

async fn a_record_that_has_to_wait_is_503_in_time(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let path = store(&robot, salesforce()).await;
    let mut holder = hold_chain(&world);
    let began = Instant::now();
    let change = json!({ "metadata": { "note": "changed" } });
    let (shown, listed, created, changed) = tokio::join!(
        robot.get(&path),
        robot.get(LIST),
        robot.post(LIST, hubspot()),
        put(&robot, &path, change),
    );
    for reply in [shown, listed, created, changed] {
        assert_eq!(detail(&reply), (503, "Temporarily unavailable; try again".to_owned()));
        assert!(!reply.header("retry-after").is_empty() && !reply.everything().contains(CANARY));
    }
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    assert_eq!(admin.get(&path).await.status, 200, "masks need no record");
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while robot.get(LIST).await.status != 200 {
        assert!(Instant::now() < deadline, "not back within 5 seconds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(robot.get(LIST).await.json().as_array().unwrap().len(), 1);
    assert_eq!(robot.get(&path).await.header("etag"), "\"1\"");
}
