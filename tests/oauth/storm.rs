//! One refresh per expiry, whatever the number of instances and readers (security.md, row 25).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{admin, granted, refreshes, robot, secrets, until};
use crate::support::authorization_servers::{Fault, OidcServer};
use crate::support::{Server, World, count};

/// Lets the access token of every grant end, by the vault's own books and at the provider.
pub(super) async fn expire(world: &World, provider: &OidcServer) {
    let past = if world.is_embedded() { "1000000" } else { "timestamptz '2001-01-01'" };
    world.sql(&format!("UPDATE credentials SET access_token_expires_at = {past}"));
    provider.expire_access_tokens().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_with_a_hundred_readers_each_refresh_once() {
    let provider = OidcServer::start(Duration::from_secs(3_600));
    let world = provider.set(World::postgres());
    let (one, two, three) = tokio::join!(world.setup.start(), world.setup.start(), world.setup.start());
    let servers = [one, two, three];
    let id = granted(&admin(&servers[0])).await;
    for round in 0..count(5, 200) {
        expire(&world, &provider).await;
        let before = refreshes(&provider).await;
        let replies = read_everywhere(&servers, &id, 100).await;
        let version = replies[0]["version"].clone();
        assert_eq!(version, json!(round + 2), "round {round}");
        assert_eq!(replies.len(), 300);
        let tokens: std::collections::BTreeSet<String> =
            replies.iter().map(|reply| reply["credentials"]["access_token"].to_string()).collect();
        assert_eq!(tokens.len(), 1, "round {round}: readers got different tokens");
        assert_eq!(refreshes(&provider).await - before, 1, "round {round}");
    }
    let counts = provider.counts().await;
    assert_eq!((counts.reuses, counts.revoked_grants), (0, 0));
}

/// So many readers on every instance at once; all of them must get an answer.
async fn read_everywhere(servers: &[Server], id: &str, readers: usize) -> Vec<Value> {
    let mut tasks = tokio::task::JoinSet::new();
    for server in servers {
        for _ in 0..readers {
            let (client, path) = (robot(server), secrets(id));
            tasks.spawn(async move { client.get(&path).await });
        }
    }
    let replies = tasks.join_all().await;
    replies
        .into_iter()
        .map(|reply| {
            assert_eq!(reply.status, 200, "{}", reply.text);
            reply.json()
        })
        .collect()
}

/// The holder of the lease stands still between its request and its write (SIGSTOP), and another instance takes over.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_refused_only_when_another_refresh_was_committed() {
    for another in [false, true] {
        let provider = OidcServer::start(Duration::from_secs(3_600));
        let world = provider.set(World::postgres());
        let (one, two) = tokio::join!(world.setup.start(), world.setup.start());
        let id = granted(&admin(&one)).await;
        expire(&world, &provider).await;
        provider.fail_next(Fault::Delay(Duration::from_secs(3)), 1).await;
        let (client, path) = (robot(&one), secrets(&id));
        let reading =
            tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await.is_some() });
        until(Duration::from_secs(5), "no refresh begins", async || refreshes(&provider).await == 1).await;
        signal(&one, "STOP");
        let stopped = Instant::now();
        if another {
            // While the lease runs nobody else asks the provider.
            let held = robot(&two).get(&secrets(&id)).await;
            assert_eq!(held.status, 502, "{}", held.text);
            assert!(!held.header("retry-after").is_empty());
            assert_eq!(refreshes(&provider).await, 1);
            // The first answer never arrived at the store, so that the provider has ended the family; what the second
            // instance gets is what a provider with a grace would give: a new version is committed.
            let moved = "UPDATE credentials SET version = version + 1, status = 'validated'";
            tokio::time::sleep(Duration::from_secs(5)).await;
            world.sql(moved);
        } else {
            tokio::time::sleep(Duration::from_secs(40)).await;
        }
        assert!(stopped.elapsed() >= Duration::from_secs(if another { 5 } else { 40 }));
        signal(&one, "CONT");
        reading.await.unwrap();
        until(Duration::from_secs(15), "the late answer is not settled", async || {
            world.sql("SELECT version FROM credentials") == "2"
                && world.sql("SELECT count(*) FROM refresh_leases WHERE owner IS NOT NULL") == "0"
        })
        .await;
        let trail = admin(&one).get("/integrations/audit?action=credential.refreshed").await.json();
        let committed = trail["items"].as_array().unwrap().iter().filter(|item| item["outcome"] == "success");
        assert_eq!(committed.count(), usize::from(!another), "{trail}");
        assert_eq!(refreshes(&provider).await, 1);
    }
}

fn signal(server: &Server, name: &str) {
    let sent =
        std::process::Command::new("kill").arg(format!("-{name}")).arg(server.pid().to_string()).status();
    assert!(sent.unwrap().success());
}
