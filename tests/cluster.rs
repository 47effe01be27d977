//! Tests of several instances on one PostgreSQL (architecture.md, "Running on more than one machine").

use serde_json::{Value, json};

use crate::support::client::sftp;
use crate::support::{Character, World, count};

/// There is one connection for each request that an instance handles at a time here, so no request waits for
/// another's.
const POOL: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_and_twenty_organisations_never_deadlock() {
    let world = World::postgres().with("STRONGROOM_STORE__POOL_SIZE", &POOL.to_string());
    let (one, two, three) = tokio::join!(world.setup.start(), world.setup.start(), world.setup.start());
    let servers = [one, two, three];
    let mut tasks = tokio::task::JoinSet::new();
    for organisation in 0..20 {
        let org = format!("org-{organisation}");
        for (number, server) in servers.iter().enumerate() {
            let admin = server.client(Character::admin_of(&org));
            let robot = server.client(Character::service_of(&org, "secrets:read"));
            tasks.spawn(async move {
                let mut unavailable = 0;
                for round in 0..count(5, 50) {
                    let created = admin.post("/integrations/credentials", sftp(&format!("{number}-{round}"))).await;
                    assert_eq!(created.status, 201, "{}", created.text);
                    let id = created.json()["id"].as_str().unwrap().to_owned();
                    let path = format!("/integrations/credentials/{id}");
                    let change = json!({ "credential_type": "user_password", "credentials": sftp("changed")["credentials"] });
                    let batch = json!({ "ids": [id] });
                    let secrets = format!("{path}/secrets");
                    let (read, many, changed) = tokio::join!(
                        robot.get(&secrets),
                        robot.post("/integrations/credentials/secrets", batch),
                        admin.patch(&path, change),
                    );
                    for reply in [read, many, changed] {
                        assert!(reply.status == 200 || reply.status == 503, "{}", reply.text);
                        unavailable += usize::from(reply.status == 503);
                    }
                    assert_eq!(admin.delete(&path).await.status, 204);
                }
                unavailable
            });
        }
    }
    let unavailable: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(unavailable, 0, "requests were refused as unavailable");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(world.sql(deadlocks), "0");
    assert_eq!(world.sql("SELECT count(*) FROM credentials"), "0");
    let verified: Value =
        serde_json::from_str(&world.setup.must(&["audit", "verify", "--json", "--deep"])).unwrap();
    assert_eq!(
        (&verified["ok"], verified["chains"].as_u64() >= Some(20)),
        (&json!(true), true),
        "{verified}"
    );
    let expected = 20 * 3 * count(5, 50) as u64 * 5;
    assert!(verified["events"].as_u64().unwrap() >= expected, "{verified}");
}
