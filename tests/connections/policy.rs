//! Tests of where connection tests may go (security.md, rows 6 to 8, and section 3.7).

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::dns::NameServer;
use crate::support::listener::Listener;
use crate::support::{Character, Client, Reply, World};

/// Spellings of hosts that must never be reached, one per line.
const CORPUS: &str = include_str!("../../crates/adapters/egress/tests/data/ssrf_corpus.txt");

/// A test of a host with each of the testers.
fn tests_of(host: &str, port: u16) -> [(&'static str, Value); 3] {
    let sftp =
        json!({ "host": host, "port": port, "username": "etl", "auth_type": "password", "password": "p" });
    let postgres = json!({ "host": host, "port": port, "database": "d", "username": "u", "password": "p", "sslmode": "disable" });
    let bracketed =
        if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let custom = json!({ "credential_type": "api_key", "credentials": {
        "base_url": format!("http://{bracketed}:{port}"), "api_key": "k", "test_path": "/" } });
    [
        ("/integrations/sftp/test-connection", sftp),
        ("/integrations/postgres/test-connection", postgres),
        ("/integrations/custom/test-connection", custom),
    ]
}

/// A server whose policy allows every port and plain HTTP, so that only the address decides.
fn lenient(world: World, port: u16) -> World {
    world
        .with("STRONGROOM_LIMITS__ENABLED", "false")
        .with("STRONGROOM_EGRESS__PLAIN_HTTP", "true")
        .with("STRONGROOM_EGRESS__ALLOW_PORTS", &format!("*={port}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_an_internal_host_is_connected_to_by_any_tester() {
    let everywhere = Listener::closing("[::]:0");
    let names = NameServer::start(|_, _| vec![[127, 0, 0, 1].into(), "::1".parse().unwrap()]);
    let world = lenient(World::embedded(), everywhere.port());
    let world = world.with("STRONGROOM_EGRESS__DNS", &names.address());
    let server = world.setup.start().await;
    let hosts: Vec<&str> = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(hosts.len() >= 200, "only {} spellings", hosts.len());
    let tests = hosts.iter().enumerate().flat_map(|(at, host)| {
        // Several organisations are used, so that no share of places slows down the run.
        let client = server.client(Character::member_of(&format!("org-{}", at % 16)));
        tests_of(host, everywhere.port()).map(move |(path, body)| (client.clone(), path, body))
    });
    let replies: Vec<(&str, String, Reply)> = futures_util::stream::iter(tests)
        .map(async |(client, path, body): (Client, &'static str, Value)| {
            let reply = client.post(path, body.clone()).await;
            (path, body.to_string(), reply)
        })
        .buffer_unordered(32)
        .collect()
        .await;
    for (path, body, reply) in &replies {
        let fine = match reply.status {
            200 => reply.json()["code"] == "not_reachable",
            400 => true,
            _ => false,
        };
        assert!(fine, "{path} {body}: {} {}", reply.status, reply.text);
    }
    assert_eq!(replies.len(), hosts.len() * 3);
    let looked_at = replies.iter().filter(|(.., reply)| reply.status == 200).count();
    assert!(looked_at >= 400, "only {looked_at} of {} got as far as the policy", replies.len());
    assert_eq!(everywhere.accepted(), 0);
}

/// GitLab is a provider whose token endpoint has a host that callers name.
#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_an_internal_host_is_connected_to_by_a_refresh() {
    let everywhere = Listener::closing("[::]:0");
    let names = NameServer::start(|_, _| vec![[127, 0, 0, 1].into(), "::1".parse().unwrap()]);
    let world = lenient(World::embedded(), everywhere.port());
    let world = world
        .with("STRONGROOM_EGRESS__DNS", &names.address())
        .with("STRONGROOM_OAUTH__APPS__GITLAB__CLIENT_ID", "client")
        .with("STRONGROOM_OAUTH__APPS__GITLAB__CLIENT_SECRET", "secret");
    let server = world.setup.start().await;
    let hosts = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let replies: Vec<(&str, Option<Reply>)> = futures_util::stream::iter(hosts.enumerate())
        .map(async |(at, host)| {
            let client = server.client(Character::member_of(&format!("org-{}", at % 16)));
            let bracketed = if host.contains(':') && !host.starts_with('[') {
                format!("[{host}]")
            } else {
                host.to_owned()
            };
            let stored = client
                .post(
                    "/integrations/credentials",
                    json!({ "provider": "gitlab", "credential_type": "oauth2", "credentials": {
                        "base_url": format!("http://{bracketed}:{}", everywhere.port()),
                        "access_token": "a", "refresh_token": "r" } }),
                )
                .await;
            if stored.status != 201 {
                assert!(matches!(stored.status, 400 | 422), "{host}: {}", stored.text);
                return (host, None);
            }
            let id = stored.json()["id"].as_str().unwrap().to_owned();
            let path = format!("/integrations/credentials/{id}/refresh");
            (host, Some(client.post(&path, json!({})).await))
        })
        .buffer_unordered(16)
        .collect()
        .await;
    let mut refused = 0;
    for (host, reply) in replies.iter().filter_map(|(host, reply)| Some((host, reply.as_ref()?))) {
        assert!(matches!(reply.status, 400 | 502), "{host}: {} {}", reply.status, reply.text);
        refused += 1;
    }
    assert!(refused >= 100, "only {refused} of {} were stored", replies.len());
    assert_eq!(everywhere.accepted(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_unreachable_gets_the_same_answer() {
    // This port was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port();
    let names = NameServer::start(|name, _| match name {
        "internal.example.com" => vec![[10, 0, 0, 1].into()],
        "mixed.example.com" => vec![[93, 184, 216, 34].into(), [127, 0, 0, 1].into()],
        "closed.example.com" => vec![[127, 0, 0, 2].into()],
        _ => vec![],
    });
    let world = World::embedded()
        .with("STRONGROOM_LIMITS__ENABLED", "false")
        .with("STRONGROOM_EGRESS__DNS", &names.address())
        .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "127.0.0.2/32");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let cases = [
        ("127.0.0.1", 22),
        ("169.254.169.254", 22),
        ("internal.example.com", 22),
        ("mixed.example.com", 22),
        ("nobody.example.com", 22),
        ("127.0.0.2", closed),
        ("closed.example.com", closed),
        ("localhost", 22),
        ("127.0.0.2", 25),
    ];
    let mut answers = Vec::new();
    for (host, port) in cases {
        let [(path, body), ..] = tests_of(host, port);
        let reply = admin.post(path, body).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let mut report = reply.json();
        assert!(report["tested_at"].take().is_string());
        answers.push((host, report.to_string(), reply.text.len()));
    }
    for answer in &answers {
        assert_eq!((&answer.1, answer.2), (&answers[0].1, answers[0].2), "{}", answer.0);
    }
    let report: Value = serde_json::from_str(&answers[0].1).unwrap();
    assert_eq!((&report["code"], &report["duration_ms"]), (&json!("not_reachable"), &json!(250)));
    assert_eq!(report["facts"], json!({}));
    let refused = admin.get("/integrations/audit?action=egress.refused").await.json();
    let reasons = refused["items"].as_array().unwrap();
    assert!(reasons.len() >= 5, "refusals are on record: {refused}");
    assert!(
        reasons.iter().all(|event| event["outcome"] == "denied" && event["details"]["reason"].is_string())
    );
    let tested = admin.get("/integrations/audit?action=connection.tested").await.json();
    assert_eq!(tested["items"].as_array().unwrap().len(), cases.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_resolved_once_and_every_answer_counts() {
    // The policy allows 127.0.0.2, and not 127.0.0.1 and ::1.
    let outside = Listener::closing("127.0.0.2:0");
    let inside = Listener::closing(&format!("127.0.0.1:{}", outside.port()));
    let names = NameServer::start(|name, before| match name {
        // The first resolution gives an allowed address, the second one an internal address.
        "rebind.example.com" if before == 0 => vec![[127, 0, 0, 2].into()],
        "rebind.example.com" => vec![[127, 0, 0, 1].into()],
        "mixed.example.com" => vec![[127, 0, 0, 2].into(), "::1".parse().unwrap()],
        "documentation.example.com" => vec![[192, 0, 2, 200].into()],
        _ => vec!["::ffff:127.0.0.1".parse().unwrap()],
    });
    let world = lenient(World::embedded(), inside.port()).with("STRONGROOM_EGRESS__DNS", &names.address());
    let world = world.with("STRONGROOM_EGRESS__ALLOW_CIDRS", "sftp=127.0.0.2/32");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let [(path, body), ..] = tests_of("rebind.example.com", outside.port());
    assert_eq!(admin.post(path, body).await.json()["code"], "provider_error", "the address that was checked");
    assert_eq!((outside.accepted(), names.queries("rebind.example.com").0), (1, 1));
    for host in ["rebind", "mixed", "documentation", "mapped"] {
        let host = format!("{host}.example.com");
        let [(path, body), ..] = tests_of(&host, inside.port());
        let reply = admin.post(path, body).await;
        assert_eq!((reply.status, &reply.json()["code"]), (200, &json!("not_reachable")), "{host}");
        let (a, aaaa) = names.queries(&host);
        let earlier = usize::from(host.starts_with("rebind"));
        assert!(a == 1 + earlier && aaaa <= 1 + earlier, "{host}: {a} A and {aaaa} AAAA queries");
    }
    assert_eq!((inside.accepted(), outside.accepted()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_listener_nor_store_is_reachable_even_where_everything_is_listed() {
    let world = World::postgres().with("STRONGROOM_EGRESS__ALLOW_CIDRS", "*=0.0.0.0/0,*=::/0");
    let world =
        world.with("STRONGROOM_LIMITS__ENABLED", "false").with("STRONGROOM_EGRESS__ALLOW_HOSTS", "localhost");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let url = url::Url::parse(world.setup.variable("STRONGROOM_STORE__URL").unwrap()).unwrap();
    for port in [server.address().port(), url.port().unwrap()] {
        for host in ["127.0.0.1", "127.0.0.2", "localhost", "::1", "0.0.0.0"] {
            for (path, body) in tests_of(host, port).into_iter().take(2) {
                let reply = admin.post(path, body).await;
                assert_eq!(
                    (reply.status, &reply.json()["code"]),
                    (200, &json!("not_reachable")),
                    "{host}:{port}"
                );
            }
        }
    }
    for host in ["169.254.169.254", "fd00:ec2::254", "168.63.129.16"] {
        let [(path, body), ..] = tests_of(host, 22);
        assert_eq!(admin.post(path, body).await.json()["code"], "not_reachable");
    }
    let refused = admin.get("/integrations/audit?action=egress.refused&limit=500").await.json();
    assert_eq!(refused["items"].as_array().unwrap().len(), 23, "policy, not luck, refused all of them");
}
