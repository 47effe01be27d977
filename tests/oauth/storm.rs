//! Tests that there is one refresh per expiry, whatever the number of instances and readers (security.md, row
//! 25).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::crash::{end_lease, graceful, takes_over};
use super::{HOUR, admin, expire, granted, granted_by, refreshes, robot, secrets, until};
use crate::support::authorization_servers::{Fault, MockServer, OidcServer, with_app};
use crate::support::rehearsal::Rehearsal;
use crate::support::{Server, World, count};

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_with_a_hundred_readers_each_refresh_once() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::postgres());
    let (one, two, three) = tokio::join!(world.setup.start(), world.setup.start(), world.setup.start());
    let servers = [one, two, three];
    let id = granted(&admin(&servers[0])).await;
    for round in 0..count(5, 200) {
        expire(&world);
        provider.expire_access_tokens().await;
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

/// Reads with this many readers on every instance at once. All of them must get an answer.
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

/// The holder of the lease is stopped (SIGSTOP) between its request and its write, until its lease has ended.
/// No other instance has refreshed in the meantime, so its answer counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_stored_when_nothing_was_committed_meanwhile() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::postgres());
    let server = world.setup.start().await;
    let id = granted(&admin(&server)).await;
    expire(&world);
    provider.fail_next(Fault::Delay(Duration::from_secs(3)), 1).await;
    let (client, path) = (robot(&server), secrets(&id));
    let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
    until(Duration::from_secs(5), "no refresh begins", async || refreshes(&provider).await == 1).await;
    let leased = Instant::now();
    signal(&server, "STOP");
    if by_the_clock() {
        stand_still(leased).await;
    } else {
        end_lease(&world);
    }
    signal(&server, "CONT");
    // Its own client may have given up by now.
    reading.await.unwrap();
    until(Duration::from_secs(15), "the late answer is not stored", async || {
        world.sql("SELECT version FROM credentials") == "2"
    })
    .await;
    assert_eq!(robot(&server).get(&secrets(&id)).await.status, 200);
    assert_eq!(refreshes(&provider).await, 1);
    assert_eq!(provider.counts().await.reuses, 0);
}

/// Another instance has refreshed after the end of the lease, so the late answer is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_refused_when_another_refresh_was_committed() {
    let rehearsal = Rehearsal::start().await;
    let world = with_app(rehearsal.set(World::postgres()), "dropbox");
    let (one, two) = tokio::join!(world.setup.start(), world.setup.start());
    let admin = admin(&one);
    let id = granted_by(&admin, "dropbox").await;
    expire(&world);
    rehearsal.simulator.oauth(graceful(Duration::from_secs(3)));
    let asked = || rehearsal.simulator.oauth_counts().token_requests_of("refresh_token");
    let (client, path) = (robot(&one), secrets(&id));
    let began = Instant::now();
    let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
    until(Duration::from_secs(10), "no refresh begins", async || asked() == 1).await;
    let leased = Instant::now();
    signal(&one, "STOP");
    if by_the_clock() {
        takes_over(&two, &id, asked, (began, leased)).await;
    } else {
        end_lease(&world);
    }
    let second = robot(&two).get(&secrets(&id)).await;
    assert_eq!((second.status, &second.json()["version"]), (200, &json!(2)), "{}", second.text);
    if by_the_clock() {
        stand_still(leased).await;
    }
    signal(&one, "CONT");
    let late = reading.await.unwrap();
    // The reader of that instance has waited so long that it gets 502, or the token that was committed.
    assert!(late.is_none_or(|reply| [200, 502].contains(&reply.status)));
    until(Duration::from_secs(15), "no late answer came and was refused", async || {
        one.logs().contains("a late answer gives way")
    })
    .await;
    assert!(robot(&one).get(&secrets(&id)).await.json() == second.json(), "the token that was committed");
    assert_eq!(asked(), 2);
    let trail = admin.get("/integrations/audit?action=credential.refreshed").await.json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1, "only one was committed: {trail}");
}

/// Where refresh tokens do not rotate, a late answer is dropped as well, because its token is the older one.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_told_from_an_edit_by_the_time_of_the_refresh() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::postgres());
    let (one, two) = tokio::join!(world.setup.start(), world.setup.start());
    let admin = admin(&one);
    let id = granted(&admin).await;
    expire(&world);
    provider.fail_next(Fault::Delay(Duration::from_secs(4)), 1).await;
    let (client, path) = (robot(&one), secrets(&id));
    let reading = tokio::spawn(async move { client.get(&path).await });
    until(Duration::from_secs(10), "no refresh begins", async || refreshes(&provider).await == 1).await;
    world.sql(&format!("UPDATE refresh_leases SET held_until = {}", world.time(-1)));
    let second = robot(&two).get(&secrets(&id)).await;
    assert_eq!((second.status, &second.json()["version"]), (200, &json!(2)), "{}", second.text);
    let late = reading.await.unwrap();
    assert!(late.status == 200 && late.json() == second.json(), "the token that was committed");
    until(Duration::from_secs(15), "no late answer came and was refused", async || {
        one.logs().contains("a late answer gives way")
    })
    .await;
    assert_eq!(world.sql("SELECT version FROM credentials"), "2");
    assert_eq!(refreshes(&provider).await, 2);
}

/// Whether a lease ends in real time, as in the full run, or is ended in the store.
fn by_the_clock() -> bool {
    count(0, 1) > 0
}

/// Waits until a process that was stopped when it had its lease has been stopped for longer than that lease
/// and its own timers.
async fn stand_still(leased: Instant) {
    tokio::time::sleep(Duration::from_secs(40).saturating_sub(leased.elapsed())).await;
}

fn signal(server: &Server, name: &str) {
    let sent =
        std::process::Command::new("kill").arg(format!("-{name}")).arg(server.pid().to_string()).status();
    assert!(sent.unwrap().success());
}
