//! Tests that the connection tests cannot be used to try passwords on other people's servers (security.md,
//! row 35).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::listener::Listener;
use crate::support::{Character, World, on_both_stores};

on_both_stores!(a_destination_is_tested_five_times_a_minute_by_whomever);

fn sftp(host: &str, port: u16) -> Value {
    json!({ "host": host, "port": port, "username": "etl", "auth_type": "password", "password": "a-password" })
}

const SFTP: &str = "/integrations/sftp/test-connection";

async fn a_destination_is_tested_five_times_a_minute_by_whomever(world: World) {
    let victim = Listener::closing("127.0.0.1:0");
    let world = world.with("STRONGROOM_EGRESS__ALLOW_CIDRS", "sftp=127.0.0.0/8,sftp=::1/128");
    // A PostgreSQL store has two instances here; the embedded one has a single server.
    let mut servers = vec![world.setup.start().await];
    if !world.is_embedded() {
        servers.push(world.setup.start().await);
    }
    // Other forms of the address are the same destination.
    let hosts = ["127.0.0.1", "::ffff:127.0.0.1"];
    let attempts = (0..200).map(|number| {
        let organization = format!("org-{}", number % 20);
        let client = servers[number % servers.len()].client(Character::admin_of(&organization));
        let body = sftp(hosts[number % hosts.len()], victim.port());
        async move { client.post(SFTP, body).await }
    });
    let replies = join_all(attempts).await;
    let tested = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(victim.accepted(), 5);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.status, 429, "{}", reply.text);
        assert_eq!(reply.json()["error"]["code"], "rate_limit_exceeded");
        let wait: u64 = reply.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(tested, 5);
    // Names that do not exist and destinations that the policy refuses are counted alike, so that no answer
    // distinguishes them.
    for body in [sftp("192.168.7.7", 22), sftp("nobody.invalid", 22), sftp("127.0.0.1", 1)] {
        for attempt in 1..=6 {
            // Each attempt is made by another user.
            let client = servers[0].client(Character::user("org-21", &format!("{attempt}"), &["member"]));
            let reply = client.post(SFTP, body.clone()).await;
            assert_eq!(reply.status, if attempt <= 5 { 200 } else { 429 }, "{body} {attempt}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_and_an_organisation_have_their_shares_of_tests() {
    let world = World::embedded();
    let server = world.setup.start().await;
    // Each test has another destination, which the policy refuses, so that only the callers' shares matter.
    let port = std::cell::Cell::new(10_000);
    let post = async |user: &str| {
        let client = server.client(Character::user("acme", user, &["member"]));
        port.set(port.get() + 1);
        client.post(SFTP, sftp("127.0.0.1", port.get())).await
    };
    for number in 1..=10 {
        let reply = post("u1").await;
        assert_eq!((reply.status, &reply.json()["code"]), (200, &json!("not_reachable")));
        assert_eq!(reply.header("x-ratelimit-limit"), "10");
        assert_eq!(reply.header("x-ratelimit-remaining"), (10 - number).to_string());
        assert!(reply.header("x-ratelimit-reset").parse::<u64>().unwrap() > 1_700_000_000);
    }
    let reply = post("u1").await;
    assert_eq!((reply.status, reply.header("x-ratelimit-remaining")), (429, "0"));
    assert_eq!(reply.json()["error"]["code"], "rate_limit_exceeded");
    for user in ["u2", "u3"] {
        for _ in 0..10 {
            assert_eq!(post(user).await.status, 200);
        }
    }
    let reply = post("u4").await;
    assert_eq!((reply.status, reply.header("x-ratelimit-limit")), (429, "30"), "the organisation's share");
    let other = server.client(Character::member_of("globex"));
    assert_eq!(other.post(SFTP, sftp("127.0.0.1", 22)).await.status, 200, "others have their own");
    let create = json!({ "provider": "sftp", "credential_type": "user_password",
        "credentials": { "host": "127.0.0.1", "username": "etl", "password": "p" } });
    let admin = server.client(Character::user("acme", "u1", &["admin"]));
    let refused = admin.post("/integrations/credentials?test=true", create.clone()).await;
    assert_eq!(refused.status, 429, "storing with a test is a test");
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]));
    assert_eq!(admin.post("/integrations/credentials", create).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_can_be_switched_off_and_the_policy_cannot() {
    let world = World::embedded().with("STRONGROOM_LIMITS__ENABLED", "false");
    let server = world.setup.start().await;
    let client = server.client(Character::member_of("acme"));
    let tests = join_all((0..16).map(|_| client.post(SFTP, sftp("127.0.0.1", 22)))).await;
    for reply in tests {
        assert_eq!((reply.status, &reply.json()["code"]), (200, &json!("not_reachable")));
        assert_eq!(reply.header("x-ratelimit-limit"), "");
    }
}
