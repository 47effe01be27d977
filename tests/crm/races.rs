//! Tests that there is one credential for each provider and that no edit is lost, under parallel requests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{LIST, detail, put, robot, salesforce, store};
use crate::support::{World, on_both_stores};

on_both_stores!(two_hundred_parallel_creates_store_exactly_one, parallel_changes_all_survive);

async fn two_hundred_parallel_creates_store_exactly_one(world: World) {
    // The embedded store has one server; with PostgreSQL a second instance is used.
    let mut servers = vec![world.setup.start().await];
    if !world.is_embedded() {
        servers.push(world.setup.start().await);
    }
    let robots: Vec<_> = servers.iter().map(robot).collect();
    for _ in 0..2 {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..200 {
            let client = robots[number % robots.len()].clone();
            let mut body = salesforce();
            body["access_token"] = json!(format!("token-{number}"));
            tasks.spawn(async move { client.post(LIST, body).await });
        }
        let (mut statuses, mut winner) = (BTreeMap::new(), Value::Null);
        for reply in tasks.join_all().await {
            *statuses.entry(reply.status).or_insert(0) += 1;
            match reply.status {
                201 => winner = reply.json(),
                _ => assert_eq!(
                    detail(&reply).1,
                    "Integration credentials for provider 'salesforce' already exist"
                ),
            }
        }
        assert_eq!(statuses, BTreeMap::from([(201, 1), (409, 199)]));
        for robot in &robots {
            assert_eq!(robot.get(LIST).await.json(), json!([winner]));
        }
        let path = format!("{LIST}{}", winner["id"].as_str().unwrap());
        assert_eq!(robots[0].delete(&path).await.status, 200, "the provider is free again");
    }
    assert_eq!(world.sql("SELECT sum(used) FROM credential_quota"), "0");
}

async fn parallel_changes_all_survive(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let path = store(&robot, salesforce()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (client, path) = (robot.clone(), path.clone());
        let change =
            json!({ "metadata": { format!("key{number}"): number, "note": { format!("n{number}"): true } } });
        tasks.spawn(async move { put(&client, &path, change).await });
    }
    for reply in tasks.join_all().await {
        assert_eq!(reply.status, 200, "{}", reply.status);
    }
    let shown = robot.get(&path).await;
    let metadata = &shown.json()["metadata"];
    for number in 0..20 {
        assert_eq!(metadata[format!("key{number}")], number);
        assert_eq!(metadata["note"][format!("n{number}")], true);
    }
    assert_eq!(
        (shown.header("etag"), &metadata["refresh_token"]),
        ("\"21\"", &salesforce()["metadata"]["refresh_token"])
    );
}
