//! What stands in front of the server: kept connections, prefixes, weak tags, HEAD.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use strongroom_http_kit::MOST_KEPT;

use crate::support::client::{raw, sftp};
use crate::support::{Character, Server, World};

const ASK: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// A connection on which one request was answered.
#[expect(clippy::disallowed_methods, reason = "a connection that a proxy keeps")]
fn kept(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    ask(&mut stream);
    stream
}

fn ask(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(ASK).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    while !answer.ends_with(b"{\"status\":\"live\"}") {
        let length = stream.read(&mut piece).unwrap();
        assert_ne!(length, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..length]);
    }
}

/// How long the server keeps a connection without a request, up to `most`.
fn kept_for(stream: &mut TcpStream, most: Duration) -> Option<Duration> {
    let began = Instant::now();
    stream.set_read_timeout(Some(most)).unwrap();
    match stream.read(&mut [0; 16]) {
        Ok(0) => Some(began.elapsed()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_request_is_kept_as_long_as_the_setting_says_and_holds_up_no_stop() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let mut stream = kept(&server);
    // nginx and load balancers keep connections for 60 seconds. Six show that it is not five.
    assert_eq!(kept_for(&mut stream, Duration::from_secs(6)), None);
    ask(&mut stream);
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(kept_for(&mut stream, Duration::from_secs(1)).is_some());

    let server = world.with("STRONGROOM_SERVER__KEEP_ALIVE", "1").setup.start().await;
    let mut stream = kept(&server);
    let closed = kept_for(&mut stream, Duration::from_secs(10)).expect("it is closed");
    assert!(closed > Duration::from_millis(500), "{closed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_only_while_there_are_few() {
    let server = World::embedded().with("STRONGROOM_SERVER__KEEP_ALIVE", "600").setup.start().await;
    let is_kept = || kept_for(&mut kept(&server), Duration::from_millis(300)).is_none();
    assert!(is_kept());
    let crowd: Vec<TcpStream> = (0..MOST_KEPT + 1).map(|_| kept(&server)).collect();
    // The last one was one too many, unless the first one of all was still counted.
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_kept() {
        assert!(Instant::now() < deadline, "a connection is kept beside {} others", crowd.len());
    }
    drop(crowd);
    while !is_kept() {
        assert!(Instant::now() < deadline, "no connection is kept when the others are gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_in_answers_begin_with_the_public_url_and_the_prefix_of_the_request() {
    for (public, base) in [("", ""), ("https://x.example/vault/", "https://x.example/vault")] {
        let world = World::embedded().with("STRONGROOM_SERVER__PUBLIC_URL", public);
        let server = world.setup.start().await;
        let admin = server.client(Character::admin_of("acme"));
        for prefix in ["", "/api"] {
            let path = format!("{prefix}/integrations/credentials");
            let created = admin.post(&path, sftp("x")).await;
            let id = created.json()["id"].as_str().unwrap().to_owned();
            assert_eq!(created.header("location"), format!("{base}{path}/{id}"));
            admin.post(&path, sftp("y")).await;
            let page = admin.get(&format!("{path}?limit=1")).await;
            assert!(page.header("link").starts_with(&format!("<{base}{path}?limit=1&cursor=")), "{page:?}");
            let account = admin.post(&format!("{prefix}/service-accounts"), json!({ "name": "robot" })).await;
            assert!(account.header("location").starts_with(&format!("{base}{prefix}/service-accounts/")));
            let document = admin.get(&format!("{prefix}/openapi.json")).await.json();
            let here = format!("{base}{prefix}");
            assert_eq!(document["servers"][0]["url"], if here.is_empty() { "/" } else { &here });
            let only_bare = &document["paths"]["/v1/integrations"]["servers"];
            let expected = if base.is_empty() { "/" } else { base };
            assert_eq!(only_bare.is_null(), prefix.is_empty());
            assert!(only_bare.is_null() || only_bare[0]["url"] == expected, "{only_bare}");
        }
        let crm = json!({ "provider": "hubspot", "dsn": "https://api.hubapi.com", "access_token": "t" });
        let created = server
            .client(Character::service_of("acme", "credentials:write"))
            .post("/integration-credentials/", crm)
            .await;
        assert!(
            created.header("location").starts_with(&format!("{base}/integration-credentials/")),
            "{created:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_tag_is_told_as_weak() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let path = format!("/integrations/credentials/{}", admin.store_sftp("x").await);
    let rename = async |tag: &str| {
        admin.send(Method::PATCH, &path, Some(json!({ "name": "n" })), &[("If-Match", tag)]).await
    };
    let weak = rename("W/\"1\"").await;
    assert_eq!((weak.status, &weak.json()["error"]["code"]), (412, &json!("version_mismatch")));
    assert!(weak.json()["error"]["message"].as_str().unwrap().contains("weak tag"), "{}", weak.text);
    for changed in ["\"1-gzip\"", "\"1;gzip\"", "\"01\""] {
        let foreign = rename(changed).await;
        assert!(foreign.status == 412 && foreign.text.contains("none of this service"), "{}", foreign.text);
    }
    let stale = rename("\"7\"").await;
    assert!(!stale.text.contains("weak") && stale.status == 412, "{}", stale.text);
    assert!(stale.text.contains("another revision by now"), "{}", stale.text);
    // What the sentence says: without the mark of weakness, or by the revision in the body.
    let revision = admin.get(&path).await.json()["revision"].clone();
    assert_eq!(rename(&format!("\"{revision}\"")).await.status, 200);
    let unknown = "/integrations/credentials/crd_00000000000000000000000000";
    let reply = admin.send(Method::DELETE, unknown, None, &[("If-Match", "W/\"1\"")]).await;
    assert_eq!(reply.status, 404, "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_as_get_is_but_where_get_has_an_effect() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("x").await;
    let own = format!("/integrations/credentials/{id}");
    for path in [
        "/health/live",
        "/health/ready",
        "/api/health/ready",
        "/metrics",
        "/openapi.json",
        "/docs",
        &own,
        "/integrations/credentials",
        "/integrations/catalog",
        "/service-accounts",
        "/integrations/audit",
        "/v1/integrations",
        "/v1/integrations/catalog",
        "/integrations/credentials/crd_00000000000000000000000000",
    ] {
        let (get, head) = (admin.get(path).await, admin.send(Method::HEAD, path, None, &[]).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "etag", "content-length"] {
            let may_differ =
                path == "/metrics" || (name == "content-length" && path == "/integrations/audit");
            assert!(may_differ || head.header(name) == get.header(name), "{path}: {name}");
        }
    }
    let robot = server.client(Character::service_of("acme", "secrets:read"));
    let read = robot.send(Method::HEAD, &format!("{own}/secrets"), None, &[]).await;
    assert_eq!((read.status, read.header("etag"), read.text.as_str()), (200, "\"1\"", ""));
    assert_eq!(admin.send(Method::HEAD, &format!("{own}/secrets"), None, &[]).await.status, 403);
    // Programs that look at a link before a person follows it must not use up a grant.
    let callback = "/integrations/google/callback?code=c&state=s";
    let refused = admin.send(Method::HEAD, callback, None, &[]).await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET, POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_not_shown_through_a_proxy_that_adds_no_header() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let status = |version: &str, host: &str| {
        let request = format!("GET /metrics HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        raw(server.address(), request.as_bytes()).split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status("1.1", "localhost:8080"), "200");
    // nginx as it is delivered names the address that it asks, and speaks HTTP/1.0.
    assert_eq!(status("1.0", "127.0.0.1:8080"), "404");
    assert_eq!(status("1.1", "vault.example.com"), "404");
    let world = World::embedded().with("STRONGROOM_SERVER__PUBLIC_URL", "https://vault.example.com");
    let server = world.setup.start().await;
    assert_eq!(server.client(Character::Anonymous).get("/metrics").await.status, 404);
}
