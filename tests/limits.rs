//! Tests of the limits on requests, on every route (security.md, rows 22 and 30).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{raw, sftp};
use crate::support::routes::{self, Request, Targets};
use crate::support::{Character, Server, World};

async fn server() -> (World, Server, String) {
    let world = World::embedded();
    let server = world.setup.start().await;
    let (name, value) =
        Character::service_of("acme", "credentials:read credentials:write secrets:read").header().unwrap();
    (world, server, format!("{name}: {value}\r\n"))
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

fn send(server: &Server, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    raw(server.address(), &[head.as_bytes(), body].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_takes_a_body_limits_it() {
    let (_world, server, auth) = server().await;
    let (name, value) = Character::admin_of("acme").header().unwrap();
    let admin = format!("{name}: {value}\r\n");
    let requests: Vec<_> = routes::protected(&Targets::nowhere())
        .into_iter()
        .filter(|request| request.body.is_some())
        .map(|request| if request.is_for_admins() { (request, &admin) } else { (request, &auth) })
        .collect();
    assert!(requests.len() >= 14, "only {} routes", requests.len());
    // The server takes its time to close a connection whose body it refuses, so the routes are tried side by
    // side.
    std::thread::scope(|scope| {
        for (request, auth) in &requests {
            scope.spawn(|| assert_limits_bodies(&server, request, auth));
        }
    });
}

/// A route refuses bodies that are too long, of another media type or not of its shape, and takes a good one.
fn assert_limits_bodies(server: &Server, request: &Request, auth: &str) {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let wide: serde_json::Map<String, Value> = (0..1_000).map(|n| (format!("f{n}"), json!(n))).collect();
    let wide = serde_json::to_vec(&wide).unwrap();
    let (method, path) = (request.method.as_str(), request.path.as_str());
    let good = request.body.as_ref().unwrap().to_string();
    let place = format!("{method} {}", request.template);
    assert_limits_size_and_media(server, (method, path), auth, &good);
    let headers = format!("{auth}Content-Type: application/json; charset=UTF-8\r\n");
    let wrong = request.dialect.doc.wrong_shape;
    let bodies: [&[u8]; 8] =
        [deep.as_bytes(), &wide, b"{\"a\":1,\"a\":2}", b"", b"null", b"[]", b"{", b"\xff\xfe"];
    for bad in bodies {
        let answer = send(server, method, path, &headers, bad);
        assert_eq!(status(&answer), wrong, "{place}: {answer}");
    }
    let answer = status(&send(server, method, path, &headers, good.as_bytes()));
    assert!(![415, wrong].contains(&answer), "{place}: {answer} for a good one");
}

/// A body that is too long gets 413, with or without an announced length, and a body of another media type
/// gets 415.
fn assert_limits_size_and_media(server: &Server, (method, path): (&str, &str), auth: &str, good: &str) {
    let json_type = "Content-Type: application/json\r\n";
    let place = format!("{method} {path}");
    let large = vec![b' '; 256 * 1024 + 1];
    assert_eq!(status(&send(server, method, path, &format!("{auth}{json_type}"), &large)), 413, "{place}");
    let chunked = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{auth}{json_type}\r\n40001\r\n{}\r\n0\r\n\r\n",
        " ".repeat(0x40001)
    );
    assert_eq!(status(&raw(server.address(), chunked.as_bytes())), 413, "{place} chunked");
    for media in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "Content-Type: application/json; charset=utf-16\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    ] {
        assert_eq!(
            status(&send(server, method, path, &format!("{auth}{media}"), good.as_bytes())),
            415,
            "{place} {media}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_methods_and_slow_bodies_are_limited() {
    let (_world, server, auth) = server().await;
    let huge = format!("{auth}X-Padding: {}\r\n", "x".repeat(17 * 1024));
    let answer = send(&server, "GET", "/integrations/credentials", &huge, b"");
    assert_eq!(status(&answer), 431, "{answer}");
    assert!(answer.contains("\"bad_request\""), "{answer}");
    for path in ["/integrations/credentials", "/service-accounts", "/integrations/catalog", "/health/live"] {
        let answer = send(&server, "PUT", path, &auth, b"{}");
        assert_eq!(status(&answer), 405, "{path}");
        assert!(
            answer.to_lowercase().contains("\r\nallow: ") && answer.contains("\"bad_request\""),
            "{answer}"
        );
    }
    // The head announces a body that never comes.
    let stalled = format!(
        "POST /integrations/credentials HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 50\r\n{auth}\r\n{{"
    );
    let address = server.address();
    let began = std::time::Instant::now();
    let answer = tokio::task::spawn_blocking(move || slow(address, stalled.as_bytes())).await.unwrap();
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(began.elapsed().as_secs() < 20);
}

/// Sends a request like `raw`, with a longer time limit than the server's.
#[expect(clippy::disallowed_methods, reason = "a request that no HTTP library would send")]
fn slow(address: std::net::SocketAddr, request: &[u8]) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_are_not_the_callers_to_set_are_refused() {
    let (_world, server, _) = server().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let path = format!("/integrations/credentials/{id}");
    let before = admin.get(&path).await.json();
    let account = admin.post("/service-accounts", json!({ "name": "robot" })).await.json();
    let account_path = format!("/service-accounts/{}", account["id"].as_str().unwrap());
    let columns = [
        "id",
        "org_id",
        "organization",
        "status_reason",
        "version",
        "revision",
        "created_by",
        "modified_by",
        "user_id",
        "created_at",
        "updated_at",
        "last_read_at",
        "role",
        "roles",
        "kek_id",
        "envelope",
        "config",
        "google_email",
        "digest",
        "token",
    ];
    for column in columns {
        let mut new = sftp("a-password");
        new[column] = json!("x");
        let mut account = json!({ "name": "robot" });
        account[column] = json!("x");
        let mut key = json!({ "name": "key" });
        key[column] = json!("x");
        let tries = [
            (Method::POST, "/integrations/credentials".to_owned(), new),
            (Method::PATCH, path.clone(), json!({ "name": "renamed", column: "x" })),
            (Method::POST, "/service-accounts".into(), account.clone()),
            (Method::PATCH, account_path.clone(), account),
            (Method::POST, format!("{account_path}/api-keys"), key),
        ];
        for (method, path, body) in tries {
            let reply = admin.send(method.clone(), &path, Some(body), &[]).await;
            assert_eq!(reply.status, 422, "{method} {path} {column}: {}", reply.text);
            assert_eq!(reply.json()["detail"][0]["loc"][1], json!(column));
        }
    }
    for status in ["validated", "rejected"] {
        let mut new = sftp("a-password");
        new["status"] = json!(status);
        assert_eq!(admin.post("/integrations/credentials", new).await.status, 422);
    }
    assert_eq!(admin.get(&path).await.json(), before);
    assert_eq!(admin.get("/integrations/credentials").await.json().as_array().unwrap().len(), 1);
    assert_eq!(admin.get(&account_path).await.json(), account);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_bombs_at_once_cost_little_more_than_their_own_sixteen_mebibytes() {
    let (_world, server, auth) = server().await;
    let headers = format!("{auth}Content-Type: application/json\r\n");
    let list = format!("{{\"ids\":[{}]}}", vec!["0"; 120_000].join(","));
    let deep = "[".repeat(250_000);
    let text = format!("{{\"ids\":\"{}\"}}", "x".repeat(250_000));
    let send = |body: &str| {
        let answer = send(&server, "POST", "/integrations/credentials/secrets", &headers, body.as_bytes());
        assert_eq!(status(&answer), 422, "{answer}");
    };
    for body in [&list, &deep, &text] {
        send(body);
    }
    let before = memory(&server);
    std::thread::scope(|scope| {
        for number in 0..64 {
            let body = [&list, &deep, &text][number % 3];
            scope.spawn(|| send(body));
        }
    });
    let grown = memory(&server) - before;
    assert!(grown < 32 * 1024, "{grown} KiB");
}

/// Sends a chunked body without end until the server closes.
#[expect(clippy::disallowed_methods, reason = "a request that no HTTP library would send")]
fn endless(address: std::net::SocketAddr, head: &str) {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(std::time::Duration::from_secs(16))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let began = std::time::Instant::now();
    while stream.write_all(chunk.as_bytes()).is_ok() {
        assert!(began.elapsed().as_secs() < 16, "still reading: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_cut_off_on_every_route() {
    let (_world, server, auth) = server().await;
    let routes = [
        ("GET", "/health/live", ""),
        ("GET", "/metrics", ""),
        ("GET", "/no/such/route", ""),
        ("PUT", "/integrations/credentials", ""),
        ("POST", "/integrations/credentials", ""),
        ("POST", "/integrations/credentials", auth.as_str()),
        ("GET", "/integrations/credentials", auth.as_str()),
        ("DELETE", "/integrations/credentials/0192f0c1-7b6a-7abc-8def-0123456789ab", auth.as_str()),
    ];
    let before = memory(&server);
    for (method, path, auth) in routes {
        let sending = ["", "Connection: close\r\n"].map(|connection| {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\n{connection}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n{auth}\r\n"
            );
            let address = server.address();
            tokio::task::spawn_blocking(move || endless(address, &head))
        });
        for sent in sending {
            sent.await.unwrap();
        }
        let grown = memory(&server).saturating_sub(before);
        assert!(grown < 16 * 1024, "{method} {path}: {grown} KiB");
    }
}

/// The largest memory use of a server so far, in KiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
