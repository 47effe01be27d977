//! Tests of changes while a provider is being connected or disconnected.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Stage, connect, events_about, path_of, refused, shown};
use crate::support::listener::Listener;
use crate::support::{Character, Reply, World, count, on_both_stores};

on_both_stores!(
    bad_content_that_came_during_the_test_is_not_connected,
    good_content_that_came_during_the_test_is_tested_in_its_turn,
    every_end_names_the_connection_that_ended,
);

/// A provider that accepts keys with `good` in them. It answers no request before it is opened.
struct Gate {
    listener: Listener,
    /// Receives a message when a request has arrived.
    arrived: UnboundedReceiver<()>,
    /// The gate opens when this is dropped.
    closed: mpsc::Sender<()>,
}

impl Gate {
    fn shut() -> Self {
        let (arriving, arrived) = unbounded_channel();
        let (closed, opened) = mpsc::channel();
        let opened = Arc::new(Mutex::new(opened));
        let listener = Listener::start("127.0.0.1:0", move |mut stream| {
            let request = head(&mut stream);
            arriving.send(()).ok();
            opened.lock().unwrap().recv().unwrap_err();
            let status = if request.contains("good") { "200 OK" } else { "401 Unauthorized" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok();
        });
        Self { listener, arrived, closed }
    }
}

/// The head of a request without a body.
fn head(stream: &mut TcpStream) -> String {
    let (mut heard, mut part) = (Vec::new(), [0; 1024]);
    while !heard.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(length) if length > 0 => heard.extend_from_slice(&part[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// Connects good content, and replaces it while the provider tests it. Returns the answer, the id and the
/// stage.
async fn replaced_during_the_test(world: World, key: &str) -> (Reply, String, Stage) {
    let Gate { listener, mut arrived, closed } = Gate::shut();
    let stage = Stage::set_with(world, listener.port()).await;
    let admin = stage.admin();
    let id = stage.store_untested(&admin, "faraway", &json!({ "api_key": "a-good-key" })).await;
    let connecting = tokio::spawn({
        let (admin, id) = (admin.clone(), id.clone());
        async move { connect(&admin, "faraway", &id).await }
    });
    arrived.recv().await.unwrap();
    let other = json!({ "credential_type": "api_key", "credentials": { "api_key": key } });
    assert_eq!(admin.patch(&format!("/integrations/credentials/{id}"), other).await.status, 200);
    drop(closed);
    (connecting.await.unwrap(), id, stage)
}

async fn bad_content_that_came_during_the_test_is_not_connected(world: World) {
    let (reply, id, stage) = replaced_during_the_test(world, "a-bad-key").await;
    let admin = stage.admin();
    refused(&reply, 422, "credential_validation_failed");
    let found = admin.get(&format!("/integrations/credentials/{id}")).await.json();
    assert_eq!((&found["version"], &found["status"]), (&json!(2), &json!("rejected")));
    assert_eq!(admin.get("/v1/integrations").await.json(), json!({ "items": [], "total": 0 }));
    assert_eq!(events_about(&admin, "integration.connected", &id).await, 0);
    let path = format!("/integrations/audit?action=credential.tested&credential_id={id}");
    let tests = admin.get(&path).await.json();
    let first = tests["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&first["version"], &first["details"]["superseded"]), (&json!(1), &json!("true")), "{first}");
}

async fn good_content_that_came_during_the_test_is_tested_in_its_turn(world: World) {
    let (reply, id, stage) = replaced_during_the_test(world, "another-good-key").await;
    let admin = stage.admin();
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(shown(&admin, "faraway").await["status"], "connected");
    assert_eq!(events_about(&admin, "credential.tested", &id).await, 2);
    let events = admin.get("/integrations/audit?action=integration.connected").await.json();
    let versions: Vec<&Value> =
        events["items"].as_array().unwrap().iter().map(|event| &event["version"]).collect();
    assert_eq!(versions, [&json!(2)]);
}

async fn every_end_names_the_connection_that_ended(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let key = json!({ "api_key": "a-key" });
    let ids = [
        stage.store_untested(&admin, "untested", &key).await,
        stage.store_untested(&admin, "untested", &key).await,
    ];
    // A PostgreSQL store has two instances here; the embedded one has a single server.
    let other = if stage.world.is_embedded() { None } else { Some(stage.world.setup.start().await) };
    let other = other.as_ref().map(|server| server.client(Character::admin_of("acme")));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let client = other.as_ref().filter(|_| number % 4 < 2).unwrap_or(&admin).clone();
        let id = ids[number / 2 % 2].clone();
        tasks.spawn(async move {
            for _ in 0..count(15, 100) {
                let reply = match number % 2 {
                    0 => connect(&client, "untested", &id).await,
                    _ => client.delete(&path_of("untested")).await,
                };
                assert!([200, 204, 404, 409].contains(&reply.status), "{}: {}", reply.status, reply.text);
            }
        });
    }
    tasks.join_all().await;
    admin.delete(&path_of("untested")).await;
    let trail = async |action: &str| {
        let page = admin.get(&format!("/integrations/audit?action={action}&limit=500")).await.json();
        let newest_first = page["items"].as_array().unwrap().clone();
        newest_first.into_iter().rev().map(|event| (event["target"].clone(), event["credential_id"].clone()))
    };
    let begun: Vec<_> = trail("integration.connected").await.collect();
    let ended: Vec<_> = trail("integration.disconnected").await.collect();
    assert!(!begun.is_empty());
    // The oldest events may be on a further page; when the newest ones match, the others match too.
    assert_eq!(begun, ended);
}
