//! Tests of the form of every refusal of this dialect.

use reqwest::Method;
use serde_json::json;
use strongroom_provider_simulator::Marker;

use super::{Stage, credentials_of, path_of, post, refused};
use crate::support::client::raw;
use crate::support::{Character, Reply, World, on_both_stores};

on_both_stores!(too_many_credentials_and_too_many_tests_are_refused);

#[tokio::test(flavor = "multi_thread")]
async fn refusals_before_a_use_case_have_the_body_of_this_dialect() {
    let stage = Stage::set(World::embedded()).await;
    let admin = stage.admin();
    let path = path_of("datadog");
    for (character, message) in [
        (Character::Anonymous, "Authentication required"),
        (Character::Bearer("no.such.token".into()), "Invalid authentication token"),
        (Character::Key("srk_nobody".into()), "Invalid authentication token"),
    ] {
        let client = stage.server.client(character);
        let replies = [
            client.get("/v1/integrations").await,
            client.post(&path, json!({})).await,
            client.delete(&path).await,
        ];
        for reply in replies {
            assert_eq!(refused(&reply, 401, "unauthorized"), message);
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
        for unknown in ["/v1/integrations/datadog", "/v1/", "/v1", "/v1/integrations/", "/v1/x/y/z"] {
            refused(&client.get(unknown).await, 404, "not_found");
        }
    }
    let allow = |reply: &Reply| {
        refused(reply, 405, "validation_error");
        reply.header("allow").to_owned()
    };
    let put = async |path: &str| admin.send(Method::PUT, path, Some(json!({})), &[]).await;
    assert_eq!(allow(&put("/v1/integrations").await), "GET, HEAD");
    assert_eq!(allow(&put(&path).await), "POST, DELETE");
    assert_eq!(allow(&put("/v1/integrations/catalog").await), "GET, HEAD");
    assert_eq!(allow(&admin.get("/v1/integrations/datadog/credentials").await), "POST");

    let send =
        async |headers: &[(&str, &str)]| admin.send(Method::POST, &path, Some(json!({})), headers).await;
    refused(&send(&[("content-type", "text/plain")]).await, 415, "validation_error");
    refused(&send(&[("content-encoding", "gzip")]).await, 415, "validation_error");
    refused(&send(&[("x-junk", &"x".repeat(17 * 1024))]).await, 431, "validation_error");
    refused(&admin.send(Method::POST, &path, None, &[]).await, 415, "validation_error");
    let large = json!({ "credentialId": "x".repeat(300 * 1024) });
    refused(&admin.post(&path, large).await, 413, "validation_error");
    let nothing = admin.send(Method::POST, &path, None, &[("content-type", "application/json")]).await;
    assert_eq!(refused(&nothing, 400, "validation_error"), "body must be JSON, and is empty");
    let api = admin.get("/api/v1/integrations").await;
    assert_eq!(api.status, 404, "this dialect has no prefix");

    let (_, token) = Character::admin_of("acme").header().unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n");
    let broken = format!("{head}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{{\"canary\"");
    let answer = raw(stage.server.address(), broken.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"validation_error\""), "{answer}");
    assert!(!answer.contains("canary"), "{answer}");
}

async fn too_many_credentials_and_too_many_tests_are_refused(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    stage.world.setup.must(&["org", "limit", "--org", "acme", "2"]);
    let good = stage.credentials("datadog", Marker::Good);
    for _ in 0..2 {
        stage.store(&admin, "datadog", Marker::Good).await;
    }
    refused(&post(&admin, "datadog", &good).await, 409, "quota_exceeded");
    assert_eq!(credentials_of(&admin, "datadog").await, 2);
    let Stage { rehearsal, world, server } = stage;
    server.stop();

    // The simulator is one destination, and a destination may be tested five times a minute.
    let world = world.with("STRONGROOM_LIMITS__ENABLED", "true");
    let server = world.setup.start().await;
    let globex = server.client(Character::admin_of("globex"));
    let mut last = post(&globex, "datadog", &good).await;
    for _ in 0..10 {
        if last.status != 201 {
            break;
        }
        last = post(&globex, "datadog", &good).await;
    }
    refused(&last, 429, "rate_limit_exceeded");
    assert!((1..=60).contains(&last.header("retry-after").parse::<u64>().unwrap()));
    let stored = credentials_of(&globex, "datadog").await;
    assert!((1..=5).contains(&stored), "{stored}");
    drop(rehearsal);
}
