//! What one organisation does to others through OAuth (security.md, rows 35 and 55).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{admin, robot, secrets};
use crate::support::dns::NameServer;
use crate::support::token_server::{TENANTS, TokenServer};
use crate::support::{Character, Client, Reply, Server, World, on_both_stores};

on_both_stores!(
    a_host_that_does_not_exist_stops_nobody_else,
    grants_that_get_errors_stop_no_good_ones,
    twenty_organisations_at_a_silent_server_cost_nobody_elses_time,
    guesses_by_edit_and_refresh_are_limited_like_tests,
    a_reader_that_waits_gets_nothing_after_its_account_is_gone,
);

/// Every tenant but `nowhere` has the address of the token server.
fn names() -> NameServer {
    NameServer::start(|name, _| match name.starts_with("nowhere") {
        true => Vec::new(),
        false => vec![[127, 0, 0, 1].into()],
    })
}

fn tokens(host: &str, refresh_token: &str) -> Value {
    json!({ "provider": TENANTS, "credential_type": "oauth2", "credentials": {
        "access_token": "typed", "refresh_token": refresh_token, "expires_at": "2001-01-01T00:00:00Z",
        "login_host": host,
    } })
}

async fn stored(client: &Client, host: &str, refresh_token: &str) -> String {
    let reply = client.post("/integrations/credentials", tokens(host, refresh_token)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn refresh(client: &Client, id: &str) -> Reply {
    client.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await
}

/// Replaces the tokens, which makes them new content of unknown worth.
async fn replace(client: &Client, id: &str, host: &str, refresh_token: &str) {
    let mut body = tokens(host, refresh_token);
    body.as_object_mut().unwrap().remove("provider");
    let reply = client.patch(&format!("/integrations/credentials/{id}"), body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn member(server: &Server, organization: &str) -> Client {
    server.client(Character::member_of(organization))
}

async fn a_host_that_does_not_exist_stops_nobody_else(world: World) {
    let (provider, names) = (TokenServer::start(1), names());
    let world = provider.set(world, &names.address()).with("STRONGROOM_LIMITS__ENABLED", "false");
    let server = world.setup.start().await;
    let (evil, robot) = (member(&server, "evil"), robot(&server));
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(stored(&robot, "one.tenants.test", &format!("good-{number}")).await);
    }
    let attack = async {
        for host in ["nowhere.tenants.test", "nowhere-either.tenants.test"] {
            let id = stored(&evil, host, "x").await;
            for _ in 0..10 {
                assert_eq!(refresh(&evil, &id).await.status, 502);
                replace(&evil, &id, host, "x").await;
            }
        }
    };
    let reads = async {
        for round in 0..10 {
            for id in &ids {
                let read = robot.get(&secrets(id)).await;
                assert_eq!(read.status, 200, "round {round}: {}", read.text);
            }
        }
    };
    tokio::join!(attack, reads);
    assert!(provider.asked("good") >= 10);
}

async fn grants_that_get_errors_stop_no_good_ones(world: World) {
    let (provider, names) = (TokenServer::start(3_600), names());
    let world = provider.set(world, &names.address()).with("STRONGROOM_LIMITS__ENABLED", "false");
    let server = world.setup.start().await;
    let (evil, robot) = (member(&server, "evil"), robot(&server));
    let mut poisoned = Vec::new();
    for number in 0..8 {
        poisoned.push(stored(&evil, "one.tenants.test", &format!("poison-{number}")).await);
    }
    let mut good = Vec::new();
    for number in 0..20 {
        good.push(stored(&robot, "one.tenants.test", &format!("good-{number}")).await);
    }
    let attack = async {
        for id in poisoned.iter().cycle().take(80) {
            refresh(&evil, id).await;
        }
    };
    let refreshes = async {
        let mut slowest = Duration::ZERO;
        for id in &good {
            let began = Instant::now();
            let refreshed = refresh(&robot, id).await;
            assert_eq!(refreshed.status, 200, "{}", refreshed.text);
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let ((), slowest) = tokio::join!(attack, refreshes);
    eprintln!("a neighbour's slowest of {} refreshes beside one that fails: {slowest:?}", good.len());
    assert!(provider.asked("poison") >= 2);
}

async fn twenty_organisations_at_a_silent_server_cost_nobody_elses_time(world: World) {
    let (provider, names) = (TokenServer::start(3_600), names());
    let world = provider.set(world, &names.address()).with("STRONGROOM_LIMITS__ENABLED", "false");
    let server = world.setup.start().await;
    let robot = robot(&server);
    let mut calls = Vec::new();
    for organization in 0..20 {
        let evil = member(&server, &format!("evil-{organization}"));
        for number in 0..16 {
            let id =
                stored(&evil, &format!("t{organization}.tenants.test"), &format!("silent-{number}")).await;
            calls.push((evil.clone(), id));
        }
    }
    let mut good = Vec::new();
    for number in 0..20 {
        good.push(stored(&robot, "one.tenants.test", &format!("good-{number}")).await);
    }
    let flood = join_all(calls.iter().map(|(evil, id)| refresh(evil, id)));
    let work = async {
        // The flood has begun when every organisation has its places.
        super::until(Duration::from_secs(20), "no flood", async || provider.asked("silent") >= 160).await;
        let mut slowest = Duration::ZERO;
        for id in &good {
            let began = Instant::now();
            let read = robot.get(&secrets(id)).await;
            assert_eq!(read.status, 200, "{}", read.text);
            slowest = slowest.max(began.elapsed());
        }
        assert_eq!(provider.asked("silent"), 160, "eight calls of each organisation");
        slowest
    };
    tokio::select! {
        _ = flood => panic!("the flood ended before the reads"),
        slowest = work => {
            eprintln!("a neighbour's slowest read with a refresh, beside twenty organisations: {slowest:?}");
            assert!(slowest < Duration::from_secs(2), "{slowest:?}");
        }
    }
}

async fn guesses_by_edit_and_refresh_are_limited_like_tests(world: World) {
    let (provider, names) = (TokenServer::start(3_600), names());
    let world = provider.set(world, &names.address());
    let server = world.setup.start().await;
    let (evil, robot) = (member(&server, "evil"), robot(&server));
    let id = stored(&evil, "one.tenants.test", "wrong-0").await;
    let mut refused = Vec::new();
    for guess in 0..30 {
        replace(&evil, &id, "one.tenants.test", &format!("wrong-{guess}")).await;
        let answer = refresh(&evil, &id).await;
        if answer.status == 429 {
            refused.push(answer);
        }
    }
    assert_eq!(provider.asked("wrong"), 3, "the organisation's part of the five of the destination");
    assert_eq!(refused.len(), 27);
    for answer in &refused {
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    }
    // The neighbour's secrets are good, so they are not counted, and neither does the other's guessing stop
    // it.
    for number in 0..15 {
        let id = stored(&robot, "one.tenants.test", &format!("good-{number}")).await;
        let read = robot.get(&secrets(&id)).await;
        assert_eq!(read.status, 200, "{}", read.text);
    }
}

/// Security.md, row 19, for a read that waits for a refresh.
async fn a_reader_that_waits_gets_nothing_after_its_account_is_gone(world: World) {
    let (provider, names) = (TokenServer::start(3_600), names());
    let world = provider.set(world, &names.address());
    let server = world.setup.start().await;
    let admin = admin(&server);
    let id = stored(&admin, "one.tenants.test", "slow").await;
    let account =
        admin.post("/service-accounts", json!({ "name": "reader", "scopes": ["secrets:read"] })).await;
    let account = account.json()["id"].as_str().unwrap().to_owned();
    let keys = format!("/service-accounts/{account}/api-keys");
    let key = admin.post(&keys, json!({ "name": "key" })).await.json();
    let reader = server.client(Character::Key(key["token"].as_str().unwrap().to_owned()));
    let path = secrets(&id);
    let reading = tokio::spawn(async move { reader.get(&path).await });
    super::until(Duration::from_secs(5), "no refresh begins", async || provider.asked("slow") == 1).await;
    assert_eq!(admin.delete(&format!("/service-accounts/{account}")).await.status, 204);
    let read = reading.await.unwrap();
    assert_eq!(read.status, 401, "{}", read.text);
    let reads = admin.get("/integrations/audit?action=secret.read").await.json();
    assert_eq!(reads["items"], json!([]));
}
