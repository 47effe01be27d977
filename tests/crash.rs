//! Tests that an acknowledged write survives `kill -9` (security.md, 5.1).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::sftp;
use crate::support::{Character, Client, Server, World, count, on_both_stores};

on_both_stores!(no_answered_write_is_lost_when_the_server_is_killed);

/// What the server has answered: the last acknowledged password of each credential, and the credentials whose
/// state is not known because the answer to the last request never came.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<String, Option<String>>,
    open: BTreeMap<String, Option<String>>,
    writes: usize,
}

async fn no_answered_write_is_lost_when_the_server_is_killed(world: World) {
    // Each cycle leaves a credential of each writer behind.
    let world = world.with("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "400");
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut slowest = Duration::ZERO;
    // The test has a random generator of its own (SplitMix64), so that a run can be repeated.
    let mut seed = 0x5eed_u64;
    for cycle in 0..count(10, 200) {
        let began = Instant::now();
        let server = world.setup.start().await;
        slowest = slowest.max(began.elapsed());
        check(&server, &ledger).await;
        let dead = Arc::new(AtomicBool::new(false));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let client = server.client(Character::admin_of(&format!("org-{writer}")));
            writers.spawn(write(client, ledger.clone(), dead.clone(), cycle * 1_000));
        }
        seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9).wrapping_add(0x9e37_79b9);
        tokio::time::sleep(Duration::from_millis(50 + seed % 450)).await;
        server.kill();
        dead.store(true, Ordering::Relaxed);
        writers.join_all().await;
    }
    let server = world.setup.start().await;
    check(&server, &ledger).await;
    let verified: Value =
        serde_json::from_str(&world.setup.must(&["audit", "verify", "--json", "--deep"])).unwrap();
    assert_eq!(verified["ok"], true, "{verified}");
    world.setup.must(&["doctor"]);
    let ledger = ledger.lock().unwrap();
    assert!(ledger.writes > count(100, 2_000), "only {} writes were answered", ledger.writes);
    eprintln!("{} acknowledged writes, none lost; slowest start {slowest:?}", ledger.writes);
}

/// Creates, rotates and deletes credentials until the server is gone.
async fn write(client: Client, ledger: Arc<Mutex<Ledger>>, dead: Arc<AtomicBool>, from: usize) {
    let mut own: Option<String> = None;
    for number in from.. {
        let password = format!("password-{number}");
        let (method, path, body, id) = match (&own, number % 5) {
            (Some(id), 4) => {
                (Method::DELETE, format!("/integrations/credentials/{id}"), None, Some(id.clone()))
            }
            (Some(id), _) => {
                let body = json!({ "credential_type": "user_password", "credentials": sftp(&password)["credentials"] });
                (Method::PATCH, format!("/integrations/credentials/{id}"), Some(body), Some(id.clone()))
            }
            (None, _) => (Method::POST, "/integrations/credentials".to_owned(), Some(sftp(&password)), None),
        };
        let next = (method != Method::DELETE).then_some(password);
        if let Some(id) = &id {
            ledger.lock().unwrap().open.insert(id.clone(), next.clone());
        }
        let reply = client.try_send(method, &path, body).await;
        let Some(reply) = reply.filter(|reply| reply.status < 300) else {
            assert!(
                dead.load(Ordering::Relaxed)
                    || client.try_send(Method::GET, "/health/live", None).await.is_none(),
                "a write failed on a living server"
            );
            return;
        };
        let id = id.unwrap_or_else(|| reply.json()["id"].as_str().unwrap().to_owned());
        let mut ledger = ledger.lock().unwrap();
        ledger.open.remove(&id);
        own = next.as_ref().map(|_| id.clone());
        ledger.acknowledged.insert(id, next);
        ledger.writes += 1;
    }
}

/// Checks that every acknowledged write is there, and that every row opens.
async fn check(server: &Server, ledger: &Arc<Mutex<Ledger>>) {
    let mut stored = BTreeMap::new();
    for writer in 0..8 {
        let robot =
            server.client(Character::service_of(&format!("org-{writer}"), "credentials:read secrets:read"));
        let list = robot.get("/integrations/credentials?limit=500").await.json();
        let ids: Vec<String> =
            list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        for chunk in ids.chunks(50) {
            let batch = robot.post("/integrations/credentials/secrets", json!({ "ids": chunk })).await;
            assert_eq!(batch.status, 200, "a row does not open: {}", batch.text);
            for item in batch.json().as_array().unwrap() {
                stored.insert(
                    item["id"].as_str().unwrap().to_owned(),
                    item["credentials"]["password"].as_str().unwrap().to_owned(),
                );
            }
        }
    }
    let mut ledger = ledger.lock().unwrap();
    // The result of a write without an answer is known now, and must not change any more.
    for (id, wanted) in std::mem::take(&mut ledger.open) {
        let found = stored.get(&id).cloned();
        if found == wanted {
            ledger.acknowledged.insert(id, wanted);
        }
    }
    for (id, password) in &ledger.acknowledged {
        assert_eq!(stored.get(id), password.as_ref(), "the acknowledged state of {id} is lost");
    }
}
