//! Tests that no secret leaves except through the secrets routes (security.md, rows 3, 16, 17, 40 and 42).
//! They search for secrets in every encoding, everywhere, at `RUST_LOG=trace`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::routes::{self, Targets};
use crate::support::server::bytes_below;
use crate::support::{Character, Client, Reply, Server, World, on_both_stores};

on_both_stores!(secrets_leave_only_through_the_secrets_routes, errors_have_one_shape_and_tell_nothing);

/// A marker that occurs nowhere else. Its letters are the same in URLs and JSON.
const CANARY: &str = "CANARY7QX4ZK2M9WV3T8NB5JH6R1DY0L";
const SECOND: &str = "CANARYROTATED5H2K8X1Z6Q9M4W7V3T0";

/// Every form in which the marker could leak.
fn spellings(canary: &str) -> Vec<Vec<u8>> {
    let mut found = vec![canary.as_bytes().to_vec(), canary.chars().rev().collect::<String>().into_bytes()];
    // Base64 depends on the position of the text within a group of three bytes; the middle is the same in all
    // cases.
    for shift in 0..3 {
        let padded = format!("{}{canary}", "x".repeat(shift));
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(padded.as_bytes());
            found.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
        }
    }
    let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped: String = canary.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let percent: String = canary.bytes().map(|byte| format!("%{byte:02X}")).collect();
    found.extend([
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        escaped.into_bytes(),
        percent.into_bytes(),
    ]);
    found.push(canary.encode_utf16().flat_map(u16::to_le_bytes).collect());
    found.push(canary.encode_utf16().flat_map(u16::to_be_bytes).collect());
    found.push(format!("{:?}", canary.as_bytes()).into_bytes());
    found
}

fn assert_absent(place: &str, bytes: &[u8]) {
    for canary in [CANARY, SECOND] {
        for spelling in spellings(canary) {
            let found = bytes.windows(spelling.len()).any(|window| window == spelling);
            assert!(!found, "{place} holds the canary as {}", String::from_utf8_lossy(&spelling));
        }
    }
}

/// Well-formed credentials of every kind with the canary in every secret field.
fn credentials(canary: &str) -> Vec<Value> {
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{canary}\n-----END PRIVATE KEY-----\n");
    let new = |provider: &str, kind: &str, credentials: Value| json!({ "provider": provider, "credential_type": kind, "credentials": credentials });
    vec![
        new(
            "sftp",
            "user_password",
            json!({ "host": "files.example.com", "username": "etl", "password": canary }),
        ),
        new(
            "sftp",
            "key_file",
            json!({ "host": "files.example.com", "username": "etl", "private_key": pem, "passphrase": canary }),
        ),
        new(
            "postgresql",
            "user_password",
            json!({ "connection_string": format!("postgres://app:{canary}@db.example.com/sales") }),
        ),
        new(
            "postgresql",
            "user_password",
            json!({ "connection_string": format!("postgres://app:{canary}@db.example.com/sales?hostaddr=1.2.3.4") }),
        ),
        new("datadog", "api_key", json!({ "api_key": canary, "application_key": canary })),
        new(
            "google",
            "google_oauth",
            json!({ "access_token": canary, "refresh_token": canary, "expires_at": "2030-01-01T00:00:00Z" }),
        ),
        new("hubspot", "api_key", json!({ "access_token": canary })),
    ]
}

/// Bodies for the other dialects with the canary in every secret, and the paths to which they are sent.
fn through_other_dialects(canary: &str) -> Vec<(&'static str, Value)> {
    let crm = |provider: &str, dsn: String| {
        json!({
            "provider": provider, "dsn": dsn, "access_token": canary,
            "metadata": { "refresh_token": canary, "instance_url": "https://example.my.salesforce.com",
                          "nested": { "list": [canary, { "deep": canary }] } }
        })
    };
    vec![
        (
            "/v1/integrations/datadog/credentials",
            json!({ "credentials": { "api_key": canary, "application_key": canary } }),
        ),
        ("/integration-credentials/", crm("salesforce", "https://example.my.salesforce.com".into())),
        (
            "/integration-credentials/",
            crm("custom", format!("sql://app:{canary}@db.example.com/x?k={canary}#{canary}")),
        ),
        ("/integration-credentials/", crm("zoho", format!("Server=crm.example.com;Password={canary}"))),
    ]
}

/// Bodies that are malformed in many ways, with the canary in every place.
fn malformed(canary: &str) -> Vec<Value> {
    vec![
        json!(canary),
        json!([canary]),
        json!({ "provider": canary, "credential_type": canary, "credentials": canary }),
        json!({ "provider": "sftp", "credential_type": canary, "credentials": { "password": canary } }),
        json!({ "provider": "sftp", "credential_type": "user_password", "credentials": { "host": [canary], "port": canary, "username": { "a": canary }, "password": 7 } }),
        json!({ "provider": "sftp", "credential_type": "user_password", "credentials": { "host": canary, "username": canary, "password": canary, "port": canary } }),
        json!({ "provider": "sftp", "credential_type": "api_key", "credentials": { "password": canary } }),
        json!({ "provider": "datadog", "credential_type": "api_key", "credentials": { "api_key": canary }, "name": format!("{canary}\u{0}"), "expires_at": canary, "slot": format!("{canary}/") }),
        json!({ "credentials": { "api_key": canary, "x": canary } }),
        json!({ "credentials": canary, "label": [canary] }),
        json!({ "credentialId": canary, "redirectUrl": canary }),
        json!({ "provider": canary, "dsn": canary, "access_token": [canary], "metadata": canary }),
        json!({ "access_token": { "a": canary }, "metadata": [canary] }),
        json!({ "metadata": { "a": canary, "b": { "c": "********" } } }),
        json!({ "dsn": format!("https://u:{canary}@other.example.com/?k={canary}") }),
        json!({ "ids": [canary] }),
        json!({ "ids": canary }),
        json!({ "name": "x", "scopes": [canary], "providers": [canary], "credential_ids": [canary], "status": canary, "expires_at": canary }),
    ]
}

async fn secrets_leave_only_through_the_secrets_routes(world: World) {
    let world = world.with("RUST_LOG", "trace");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot =
        server.client(Character::service_of("acme", "credentials:read credentials:write secrets:read"));
    let mut replies: Vec<(String, Reply)> = Vec::new();
    let mut stored = Vec::new();
    for body in credentials(CANARY) {
        let reply = admin.post("/integrations/credentials", body).await;
        if reply.status == 201 {
            stored.push(reply.json()["id"].as_str().unwrap().to_owned());
        }
        replies.push(("create".into(), reply));
    }
    assert_eq!(stored.len(), 5, "the bad key and the bad connection string are refused");
    for (path, body) in through_other_dialects(CANARY) {
        let reply = admin.post(path, body).await;
        assert_eq!(reply.status, 201, "{path}: {}", reply.text);
        let body = reply.json();
        let id = body.get("id").or(body.get("credentialId")).unwrap().as_str().unwrap();
        stored.push(strongroom_domain::CredentialId::parse(id).unwrap().to_string());
        replies.push((path.into(), reply));
    }
    let rotation = json!({ "credential_type": "user_password", "credentials": { "host": "files.example.com", "username": "etl", "password": SECOND } });
    replies.push((
        "rotate".into(),
        admin.patch(&format!("/integrations/credentials/{}", stored[0]), rotation).await,
    ));
    for id in &stored {
        let reply = robot.get(&format!("/integrations/credentials/{id}/credentials")).await;
        assert!(reply.text.contains("CANARY"), "the one way out works: {}", reply.text);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("etag").len(), 3);
        let not_modified = robot
            .send(
                Method::GET,
                &format!("/integrations/credentials/{id}/secrets"),
                None,
                &[("If-None-Match", "*")],
            )
            .await;
        assert_eq!((not_modified.status, not_modified.text.as_str()), (304, ""));
        drive(&admin, id, &mut replies).await;
    }
    replies.push(("audit".into(), admin.get("/integrations/audit?limit=500").await));
    replies.push(("metrics".into(), server.client(Character::Anonymous).get("/metrics").await));
    for (place, reply) in &replies {
        assert_absent(place, reply.everything().as_bytes());
        assert_eq!(reply.header("cache-control"), "no-store", "{place}");
        assert_eq!(reply.header("x-request-id").len(), 26, "{place}");
    }
    assert_eq!(admin.delete(&format!("/integrations/credentials/{}", stored[0])).await.status, 204);
    assert_nothing_at_rest(&world, server);
}

/// Searches dumps, the output of commands, the log and every file, after the server has stopped.
fn assert_nothing_at_rest(world: &World, server: Server) {
    if let Some(database) = &world.database {
        let dump = std::process::Command::new("pg_dump").arg(database.url()).output().unwrap();
        assert!(dump.status.success());
        assert_absent("pg_dump", &dump.stdout);
    }
    for arguments in [&["doctor", "--json"][..], &["keys", "status"], &["audit", "verify"]] {
        let output = world.setup.run(arguments);
        assert_absent("a command", &[output.stdout, output.stderr].concat());
    }
    let logs = server.stop();
    assert!(logs.contains("\"answered\""), "the log was on: {logs}");
    assert!(
        logs.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "every line is one JSON event"
    );
    assert_absent("the log", logs.as_bytes());
    for (path, bytes) in bytes_below(world.setup.data_dir().parent().unwrap()) {
        assert_absent(&path.display().to_string(), &bytes);
    }
}

/// Sends requests to every other route, with good and bad bodies.
async fn drive(client: &Client, id: &str, replies: &mut Vec<(String, Reply)>) {
    let targets = Targets { credential: id.into(), ..Targets::nowhere() };
    for request in routes::protected(&targets).into_iter().filter(|request| request.method != Method::DELETE)
    {
        let place = format!("{} {}", request.method, request.template);
        replies.push((
            place.clone(),
            client.send(request.method.clone(), &request.path, request.body.clone(), &[]).await,
        ));
        let query = format!(
            "{}?limit={CANARY}&cursor={CANARY}&action={CANARY}&from={CANARY}&status={CANARY}&provider={CANARY}",
            request.path
        );
        replies.push((
            place.clone(),
            client.send(request.method.clone(), &query, request.body.clone(), &[]).await,
        ));
        if request.body.is_some() {
            for body in malformed(CANARY) {
                let headers =
                    [("If-Match", CANARY), ("X-Request-Id", "callers-own-id"), ("User-Agent", CANARY)];
                replies.push((
                    place.clone(),
                    client.send(request.method.clone(), &request.path, Some(body), &headers).await,
                ));
            }
        }
    }
    let key = format!("srk_abcdefghijklmn23_{CANARY}abcdefghijk");
    for character in [Character::Bearer(CANARY.into()), Character::Bearer(key.clone()), Character::Key(key)] {
        let stranger = Client::clone(client).speaking_for(character);
        replies.push(("a bad token".into(), stranger.get("/integrations/credentials").await));
    }
}

async fn errors_have_one_shape_and_tell_nothing(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let mut replies = Vec::new();
    drive(&admin, &id, &mut replies).await;
    let mut seen = std::collections::BTreeSet::new();
    for (place, reply) in replies.into_iter().filter(|(_, reply)| reply.status >= 400) {
        seen.insert(reply.status);
        assert!(reply.status < 500, "{place}: {}", reply.everything());
        match dialect_of(&place) {
            "v1" => assert_flat_shape(&place, &reply, &["error", "message"]),
            "integration-credentials" => assert_flat_shape(&place, &reply, &["detail"]),
            _ => assert_shape(&place, &reply),
        }
        for tell in [
            "/home",
            "/tmp",
            "SELECT",
            "INSERT",
            "sqlite",
            "postgres://",
            "diesel",
            "panicked",
            "127.0.0.1",
            ".rs",
        ] {
            assert!(!reply.text.contains(tell), "{place} tells {tell}: {}", reply.text);
        }
    }
    assert!(
        seen.contains(&400) && seen.contains(&401) && seen.contains(&404) && seen.contains(&422),
        "{seen:?}"
    );
}

/// The first segment of the path in `GET /v1/integrations`.
fn dialect_of(place: &str) -> &str {
    place.split('/').nth(1).unwrap_or_default()
}

/// Checks the error bodies of the other dialects: they have these members, all of them texts, and no others.
fn assert_flat_shape(place: &str, reply: &Reply, names: &[&str]) {
    let body = reply.json();
    let body = body.as_object().unwrap_or_else(|| panic!("{place}: {}", reply.text));
    assert_eq!(body.keys().collect::<Vec<_>>(), names, "{place}");
    assert!(
        body.values().all(|text| text.as_str().is_some_and(|text| !text.is_empty())),
        "{place}: {body:?}"
    );
}

fn assert_shape(place: &str, reply: &Reply) {
    let body = reply.json();
    if reply.status == 422 {
        let details = body["detail"].as_array().unwrap_or_else(|| panic!("{place}: {}", reply.text));
        assert!(!details.is_empty());
        for detail in details {
            assert!(
                detail["loc"].as_array().is_some_and(|location| !location.is_empty()),
                "{place}: {detail}"
            );
            assert!(detail["msg"].is_string() && detail["type"].is_string(), "{place}: {detail}");
        }
        return;
    }
    let codes = match reply.status {
        400 | 405 | 413 | 415 | 431 | 408 => vec!["bad_request"],
        401 => vec!["unauthorized"],
        403 => vec!["forbidden"],
        404 => vec!["not_found"],
        409 => vec!["conflict", "quota_exceeded"],
        412 => vec!["version_mismatch"],
        other => panic!("{place}: unexpected status {other}"),
    };
    assert!(codes.contains(&body["error"]["code"].as_str().unwrap()), "{place}: {}", reply.text);
    assert!(body["error"]["message"].is_string(), "{place}");
    assert_eq!(body["request_id"], json!(reply.header("x-request-id")), "{place}");
    if let Some(details) = body["error"].get("details") {
        let good = |detail: &Value| detail["field"].is_string() && detail["message"].is_string();
        assert!(
            details.as_array().is_some_and(|details| !details.is_empty() && details.iter().all(good)),
            "{details}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_requests_by_template_and_audit_events() {
    let world = World::embedded();
    let server: Server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    server
        .client(Character::service_of("acme", "secrets:read"))
        .get(&format!("/integrations/credentials/{id}/secrets"))
        .await;
    let text = server.client(Character::Anonymous).get("/metrics").await.text;
    assert!(
        text.contains("route=\"/integrations/credentials/{credential_id}/secrets\",status=\"200\"} 1"),
        "{text}"
    );
    assert!(text.contains("strongroom_audit_events_durable_total 2\n"), "{text}");
    assert!(text.ends_with("# EOF\n") && !text.contains(&id), "{text}");
}
