//! Tests in which the instance that refreshes dies (security.md, rows 25 and 26).

use std::time::{Duration, Instant};

use serde_json::json;
use strongroom_domain::oauth::LEASE;
use strongroom_provider_simulator::OauthBehaviour;

use super::{HOUR, admin, expire, granted, granted_by, refreshes, robot, secrets, until};
use crate::support::authorization_servers::{OidcServer, with_app};
use crate::support::rehearsal::Rehearsal;
use crate::support::{Server, World, count};

/// Counts the statements that wait for a lock while they write new tokens.
const COMMITS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock' AND query LIKE '%\"refreshed_at\" = %'";

/// Ends the lease of a dead instance early, so that a test need not wait 30 seconds for it.
pub(super) fn end_lease(world: &World) {
    world.sql(&format!("UPDATE refresh_leases SET held_until = {}", world.time(-1)));
}

/// Makes the server refresh for a reader, and kills it when it has the provider's answer and waits for the
/// commit.
async fn die_between_answer_and_commit(world: &World, server: Server, id: &str) {
    let held_up = world.hold_up_writes("credentials").await;
    let (client, path) = (robot(&server), secrets(id));
    let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
    until(Duration::from_secs(10), "no answer waits for its commit", async || world.sql(COMMITS) != "0")
        .await;
    server.kill();
    assert!(reading.await.unwrap().is_none());
    drop(held_up);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grace_the_credential_says_that_the_answer_was_lost_and_nobody_asks_again() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::postgres());
    for round in 0..count(5, 100) {
        let server = world.setup.start().await;
        let id = granted(&admin(&server)).await;
        expire(&world);
        let before = refreshes(&provider).await;
        die_between_answer_and_commit(&world, server, &id).await;
        let asked = async || refreshes(&provider).await - before;

        let server = world.setup.start().await;
        let (admin, robot) = (admin(&server), robot(&server));
        // A reader waits for 12 seconds, so this is tested in one round only.
        if round == 0 {
            let held = robot.get(&secrets(&id)).await;
            assert_eq!(held.status, 502, "{}", held.text);
        }
        assert_eq!(asked().await, 1, "nobody asks while the lease runs");
        end_lease(&world);
        assert_eq!(robot.get(&secrets(&id)).await.status, 502, "one refusal may be a mistake");
        world.end_doubts();
        let lost = robot.get(&secrets(&id)).await;
        assert_eq!(lost.status, 409, "round {round}: {}", lost.text);
        assert_eq!(lost.json()["error"]["code"], "reauthorization_required");
        let shown = admin.get(&format!("/integrations/credentials/{id}")).await.json();
        let told = (&shown["status"], &shown["status_reason"]);
        assert_eq!(told, (&json!("needs_reauth"), &json!("answer_lost")));
        assert!(shown["next_step"].as_str().unwrap().contains("again"), "{shown}");
        for _ in 0..3 {
            assert_eq!(robot.get(&secrets(&id)).await.status, 409);
        }
        assert_eq!(asked().await, 3, "never an endless retry");
        let trail = admin.get("/integrations/audit?action=credential.refreshed").await.json();
        assert_eq!(trail["items"][0]["details"]["reason"], "answer_lost", "{trail}");
        assert_eq!(admin.delete(&format!("/integrations/credentials/{id}")).await.status, 204);
        server.kill();
    }
    let verified = world.setup.must(&["audit", "verify", "--json", "--deep"]);
    assert!(verified.contains("\"ok\":true") || verified.contains("\"ok\": true"), "{verified}");
}

/// When the provider accepts a replaced refresh token once more within a minute, nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_grace_the_token_is_recovered() {
    let rehearsal = Rehearsal::start().await;
    let world = with_app(rehearsal.set(World::postgres()), "dropbox");
    rehearsal.simulator.oauth(graceful(Duration::ZERO));
    let asked = || rehearsal.simulator.oauth_counts().token_requests_of("refresh_token");
    for round in 0..count(5, 100) {
        let server = world.setup.start().await;
        let id = granted_by(&admin(&server), "dropbox").await;
        expire(&world);
        let before = asked();
        die_between_answer_and_commit(&world, server, &id).await;

        let server = world.setup.start().await;
        end_lease(&world);
        is_recovered(&server, &id).await;
        assert_eq!(asked(), before + 2, "round {round}");
        let deleted = admin(&server).delete(&format!("/integrations/credentials/{id}")).await;
        assert_eq!(deleted.status, 204);
        server.kill();
    }
}

/// An instance on the embedded store dies while the provider works on its answer.
#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_recovers_as_well() {
    let rehearsal = Rehearsal::start().await;
    let world = with_app(rehearsal.set(World::embedded()), "dropbox");
    let asked = || rehearsal.simulator.oauth_counts().token_requests_of("refresh_token");
    let server = world.setup.start().await;
    let id = granted_by(&admin(&server), "dropbox").await;
    expire(&world);
    rehearsal.simulator.oauth(graceful(Duration::from_secs(3)));
    let (client, path) = (robot(&server), secrets(&id));
    let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
    until(Duration::from_secs(10), "no refresh begins", async || asked() == 1).await;
    server.kill();
    assert!(reading.await.unwrap().is_none());
    rehearsal.simulator.oauth(graceful(Duration::ZERO));
    let server = world.setup.start().await;
    end_lease(&world);
    is_recovered(&server, &id).await;
    assert_eq!(asked(), 2);
}

/// Readers at another instance wait for the lease of a dead instance, and not longer. This takes half a
/// minute of real time.
#[tokio::test(flavor = "multi_thread")]
async fn another_instance_takes_over_when_the_lease_is_over() {
    let rehearsal = Rehearsal::start().await;
    let world = with_app(rehearsal.set(World::postgres()), "dropbox");
    let (one, two) = tokio::join!(world.setup.start(), world.setup.start());
    let id = granted_by(&admin(&one), "dropbox").await;
    expire(&world);
    rehearsal.simulator.oauth(graceful(Duration::from_secs(3)));
    let asked = || rehearsal.simulator.oauth_counts().token_requests_of("refresh_token");
    let (client, path) = (robot(&one), secrets(&id));
    let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
    let began = Instant::now();
    until(Duration::from_secs(10), "no refresh begins", async || asked() == 1).await;
    let leased = Instant::now();
    one.kill();
    assert!(reading.await.unwrap().is_none());
    rehearsal.simulator.oauth(graceful(Duration::ZERO));
    takes_over(&two, &id, asked, (began, leased)).await;
    is_recovered(&two, &id).await;
    assert_eq!(asked(), 2);
}

/// Reads at an instance until it refreshes. The lease was taken between these two times. The refresh must
/// come when the lease has ended, and at most a second later.
pub(super) async fn takes_over(
    server: &Server,
    id: &str,
    asked: impl Fn() -> u64,
    (earliest, latest): (Instant, Instant),
) {
    let (client, path) = (robot(server), secrets(id));
    let reading = tokio::spawn(async move {
        loop {
            let reply = client.get(&path).await;
            if reply.status == 200 {
                return;
            }
            assert_eq!(reply.status, 502, "{}", reply.text);
            assert!(!reply.header("retry-after").is_empty());
        }
    });
    until(LEASE * 2, "nobody takes over", async || asked() == 2).await;
    assert!(earliest.elapsed() >= LEASE, "after {:?}: the lease was not over", earliest.elapsed());
    assert!(latest.elapsed() <= LEASE + Duration::from_secs(1), "only after {:?}", latest.elapsed());
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the reader gets its token").unwrap();
}

/// A provider that accepts a replaced refresh token once more for a minute.
pub(super) fn graceful(delay: Duration) -> OauthBehaviour {
    OauthBehaviour { rotate: true, grace: Some(Duration::from_secs(60)), delay, ..OauthBehaviour::default() }
}

/// Checks that the token is new, and that the provider knows it.
async fn is_recovered(server: &Server, id: &str) {
    let read = robot(server).get(&secrets(id)).await;
    assert_eq!((read.status, &read.json()["version"]), (200, &json!(2)), "{}", read.text);
    let tested = robot(server).post(&format!("/integrations/credentials/{id}/test"), json!({})).await;
    assert_eq!(tested.json()["code"], "ok");
}
