//! Several instances over one PostgreSQL (architecture.md, "Running on more than one machine").

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{Reply, sftp};
use crate::support::server::Server;
use crate::support::{Character, World, count};

/// Asks again for as long as the answer is 503: on a slow machine 180 requests at once exhaust the pools.
async fn served<F: Future<Output = Reply>>(ask: impl Fn() -> F) -> Reply {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = ask().await;
        if reply.status != 503 || Instant::now() > deadline {
            return reply;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_and_twenty_organisations_never_deadlock() {
    let world = World::postgres();
    let (one, two, three) = tokio::join!(world.setup.start(), world.setup.start(), world.setup.start());
    let servers = [one, two, three];
    let mut tasks = tokio::task::JoinSet::new();
    for organisation in 0..20 {
        let org = format!("org-{organisation}");
        for (number, server) in servers.iter().enumerate() {
            let admin = server.client(Character::admin_of(&org));
            let robot = server.client(Character::service_of(&org, "secrets:read"));
            tasks.spawn(async move {
                for round in 0..count(5, 50) {
                    let new = sftp(&format!("{number}-{round}"));
                    let created = served(|| admin.post("/integrations/credentials", new.clone())).await;
                    assert_eq!(created.status, 201, "{}", created.text);
                    let id = created.json()["id"].as_str().unwrap().to_owned();
                    let path = format!("/integrations/credentials/{id}");
                    let change = json!({ "credential_type": "user_password", "credentials": sftp("changed")["credentials"] });
                    let batch = json!({ "ids": [id] });
                    let secrets = format!("{path}/secrets");
                    let (read, many, changed) = tokio::join!(
                        served(|| robot.get(&secrets)),
                        served(|| robot.post("/integrations/credentials/secrets", batch.clone())),
                        served(|| admin.patch(&path, change.clone())),
                    );
                    for reply in [read, many, changed] {
                        assert_eq!(reply.status, 200, "{}", reply.text);
                    }
                    assert_eq!(served(|| admin.delete(&path)).await.status, 204);
                }
            });
        }
    }
    tasks.join_all().await;
    let logs: String = servers.iter().map(Server::logs).collect();
    let refused: Vec<&str> = logs.lines().filter(|line| line.contains("the store is unavailable")).collect();
    let other = refused.iter().find(|line| !line.contains("no connection came free"));
    assert_eq!(other, None, "one of {} refusals", refused.len());
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(world.sql(deadlocks), "0");
    assert_eq!(world.sql("SELECT count(*) FROM credentials"), "0");
    let verified: Value = serde_json::from_str(&world.setup.must(&["audit", "verify", "--json"])).unwrap();
    assert_eq!(
        (&verified["ok"], verified["chains"].as_u64() >= Some(20)),
        (&json!(true), true),
        "{verified}"
    );
    let expected = 20 * 3 * count(5, 50) as u64 * 5;
    assert!(verified["events"].as_u64().unwrap() >= expected, "{verified}");
}
