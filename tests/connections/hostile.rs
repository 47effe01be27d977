//! Tests of hostile servers (security.md, row 21): each test ends, memory stays bounded, and other callers
//! are not slowed down.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::listener::Listener;
use crate::support::{Character, Client, World, on_both_stores};

type Behaviour = fn(TcpStream);
/// Returns the route and the body of a test of this port.
type Attempt = fn(u16) -> (&'static str, Value);

/// Writes until the other side closes.
fn flood(mut stream: TcpStream, first: &[u8], again: &[u8]) {
    let mut chunk = Vec::new();
    while chunk.len() < 16 * 1024 {
        chunk.extend_from_slice(again);
    }
    if stream.write_all(first).is_ok() {
        while stream.write_all(&chunk).is_ok() {}
    }
}

/// Sends these bytes and then nothing more until the other side closes.
fn say(mut stream: TcpStream, bytes: &[u8]) {
    if stream.write_all(bytes).is_ok() {
        stream.read_to_end(&mut Vec::new()).ok();
    }
}

/// Waits for the first bytes of the other side.
fn listen(stream: &mut TcpStream) {
    let _length = stream.read(&mut [0; 4096]).unwrap_or(0);
}

fn drip(mut stream: TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

const SSH: [(&str, Behaviour); 10] = [
    ("silent", |stream| say(stream, b"")),
    ("closes", drop),
    ("banner flood", |stream| flood(stream, b"", b"not yet\r\n")),
    ("endless banner line", |stream| flood(stream, b"SSH-2.0-", b"x")),
    ("banner, then silence", |stream| say(stream, b"SSH-2.0-OpenSSH_9.2\r\n")),
    ("banner, then a packet of 4 GiB", |stream| {
        flood(stream, b"SSH-2.0-OpenSSH_9.2\r\n\xff\xff\xff\xff", b"\0")
    }),
    ("banner, then noise", |stream| flood(stream, b"SSH-2.0-OpenSSH_9.2\r\n", b"\x01\x9f\x33\x70")),
    ("banner, drop by drop", |stream| drip(stream, b"SSH-2.0-OpenSSH_9.2")),
    ("speaks HTTP", |stream| say(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")),
    ("closes its half", |stream| {
        stream.shutdown(Shutdown::Write).ok();
        say(stream, b"");
    }),
];

/// A SCRAM exchange (RFC 5802) that asks for 2^31 - 1 iterations.
fn scram_bomb(mut stream: TcpStream) {
    listen(&mut stream);
    if stream.write_all(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0").is_err() {
        return;
    }
    let mut heard = [0; 4096];
    let length = stream.read(&mut heard).unwrap_or(0);
    let said = String::from_utf8_lossy(&heard[..length]).into_owned();
    let nonce = said.rsplit_once("r=").map_or("", |(_, nonce)| nonce);
    let challenge = format!("r={nonce}server,s=c2FsdHNhbHRzYWx0c2FsdA==,i=2147483647");
    let length = u32::try_from(challenge.len() + 8).unwrap();
    say(stream, &[b"R", &length.to_be_bytes()[..], &[0, 0, 0, 11], challenge.as_bytes()].concat());
}

const POSTGRES: [(&str, Behaviour); 10] = [
    ("silent", |stream| say(stream, b"")),
    ("closes", drop),
    ("huge length", |stream| flood(stream, b"R\x7f\xff\xff\xff", b"\0")),
    ("negative length", |stream| flood(stream, b"R\xff\xff\xff\xff", b"\0")),
    ("endless notices", |stream| flood(stream, b"", b"N\0\0\0\x0cSNOTICE\0")),
    ("endless error", |stream| flood(stream, b"E\x3f\xff\xff\xff", b"Sx\0")),
    ("noise", |stream| flood(stream, b"", b"\x9f\x01\x33")),
    ("drop by drop", |stream| drip(stream, b"N\0\0\0\x05\0")),
    ("SCRAM bomb", scram_bomb),
    ("asks for the password in clear", |mut stream| {
        listen(&mut stream);
        say(stream, b"R\0\0\0\x08\0\0\0\x03");
    }),
];

const HTTP: [(&str, Behaviour); 11] = [
    ("silent", |stream| say(stream, b"")),
    ("closes", drop),
    ("endless headers", |stream| flood(stream, b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n")),
    ("endless header", |stream| flood(stream, b"HTTP/1.1 200 OK\r\nx-a: ", b"b")),
    ("endless body", |stream| flood(stream, b"HTTP/1.1 200 OK\r\n\r\n", b"body")),
    ("endless chunks", |stream| {
        flood(stream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"4\r\nbody\r\n")
    }),
    ("1xx flood", |stream| flood(stream, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")),
    ("length without body", |stream| say(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n")),
    ("noise", |stream| flood(stream, b"", b"\x9f\x01\x33")),
    ("drop by drop", |stream| drip(stream, b"HTTP/1.1 200 OK\r\nx-a: b\r\n")),
    ("speaks SSH", |stream| say(stream, b"SSH-2.0-OpenSSH_9.2\r\n")),
];

fn sftp(port: u16) -> (&'static str, Value) {
    let body = json!({ "host": "127.0.0.1", "port": port, "username": "etl", "auth_type": "password", "password": "p" });
    ("/integrations/sftp/test-connection", body)
}

fn postgres(port: u16) -> (&'static str, Value) {
    let body = json!({ "host": "127.0.0.1", "port": port, "database": "d", "username": "u", "password": "p",
        "sslmode": "disable" });
    ("/integrations/postgres/test-connection", body)
}

fn http(port: u16) -> (&'static str, Value) {
    let body = json!({ "credential_type": "api_key", "credentials": {
        "base_url": format!("http://127.0.0.1:{port}"), "api_key": "k", "test_path": "/me" } });
    ("/integrations/custom/test-connection", body)
}

/// Resident memory in KiB (proc(5)).
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Sends requests until `until` is done. Returns how long they took, sorted, and the largest memory use of
/// the server.
async fn watch(client: &Client, pid: u32, until: impl Future<Output = ()>) -> (Vec<Duration>, u64) {
    let (mut taken, mut peak) = (Vec::new(), 0);
    tokio::pin!(until);
    loop {
        let began = Instant::now();
        tokio::select! {
            () = &mut until => break,
            reply = client.get("/integrations/credentials") => {
                assert_eq!(reply.status, 200);
                taken.push(began.elapsed());
                peak = peak.max(resident(pid));
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    taken.sort();
    (taken, peak)
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() * 99 / 100).min(sorted.len() - 1)]
}

on_both_stores!(hostile_servers_cost_ten_seconds_little_memory_and_nobody_elses_time);

async fn hostile_servers_cost_ten_seconds_little_memory_and_nobody_elses_time(world: World) {
    let world = world
        .with("STRONGROOM_LIMITS__ENABLED", "false")
        .with("STRONGROOM_EGRESS__PLAIN_HTTP", "true")
        .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "*=127.0.0.0/8")
        .with("STRONGROOM_EGRESS__ALLOW_PORTS", "*=1024-65535");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("quiet"));
    admin.store_sftp("a-password").await;
    let kinds: [(&[(&str, Behaviour)], Attempt); 3] = [(&SSH, sftp), (&POSTGRES, postgres), (&HTTP, http)];
    let mut cases = Vec::new();
    for (behaviours, test) in kinds {
        for (name, behaviour) in behaviours {
            let listener = Listener::start("127.0.0.1:0", *behaviour);
            let (path, body) = test(listener.port());
            let client = server.client(Character::member_of(&format!("org-{}", cases.len() % 8)));
            cases.push((*name, listener, client, path, body));
        }
    }
    assert!(cases.len() >= 25);
    let (quiet, before) = watch(&admin, server.pid(), tokio::time::sleep(Duration::from_secs(3))).await;
    let attack = async {
        join_all(cases.iter().map(async |(name, listener, client, path, body)| {
            let began = Instant::now();
            let reply = client.post(path, body.clone()).await;
            let took = began.elapsed();
            assert_eq!(reply.status, 200, "{path} {name}: {}", reply.text);
            let code = reply.json()["code"].as_str().unwrap().to_owned();
            assert!(
                ["not_reachable", "timeout", "provider_error", "tls_failed", "invalid_config"]
                    .contains(&code.as_str()),
                "{path} {name}: {code}"
            );
            assert!(took <= Duration::from_millis(10_500), "{path} {name}: {took:?}");
            assert_eq!(listener.accepted(), 1, "{path} {name}: one attempt");
        }))
        .await;
    };
    let (noisy, peak) = watch(&admin, server.pid(), attack).await;
    let grown = peak.saturating_sub(before);
    eprintln!(
        "{} hostile servers: p99 of others {:?} quiet, {:?} meanwhile ({} and {} requests); {grown} KiB grown",
        cases.len(),
        p99(&quiet),
        p99(&noisy),
        quiet.len(),
        noisy.len(),
    );
    // The bound is 1.5 times the quiet value, or the cost of a timer tick and of this test's own threads on
    // two processors.
    let bound = (p99(&quiet) * 3 / 2).max(Duration::from_millis(10));
    assert!(p99(&noisy) <= bound, "{:?} instead of {:?}", p99(&noisy), p99(&quiet));
    assert!(grown <= 32 * 1024, "{grown} KiB");
}
