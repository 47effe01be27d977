//! The instance dies between the provider's answer and the commit (security.md, row 26).

use std::time::Duration;

use serde_json::json;
use strongroom_provider_simulator::OauthBehaviour;

use super::storm::expire;
use super::{Form, admin, granted, refreshes, robot, secrets, until, visit};
use crate::support::authorization_servers::{Browser, Fault, OidcServer, with_app};
use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, World, count};

/// Ends the lease of a dead instance before its time, so that the test need not wait 30 seconds for it.
fn end_lease(world: &World) {
    let past = if world.is_embedded() { "1000000" } else { "timestamptz '2001-01-01'" };
    world.sql(&format!("UPDATE refresh_leases SET held_until = {past}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grace_the_credential_says_that_the_answer_was_lost_and_nobody_asks_again() {
    for round in 0..count(5, 100) {
        let provider = OidcServer::start(Duration::from_secs(3_600));
        let world = provider.set(World::postgres());
        let server = world.setup.start().await;
        let id = granted(&admin(&server)).await;
        expire(&world, &provider).await;
        // The provider serves the request and the answer is on its way when the instance dies.
        provider.fail_next(Fault::Delay(Duration::from_millis(300)), 1).await;
        let (client, path) = (robot(&server), secrets(&id));
        let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
        until(Duration::from_secs(5), "no refresh begins", async || refreshes(&provider).await == 1).await;
        server.kill();
        assert!(reading.await.unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(400)).await;

        let server = world.setup.start().await;
        let held = robot(&server).get(&secrets(&id)).await;
        assert_eq!(held.status, 502, "round {round}: {}", held.text);
        assert_eq!(refreshes(&provider).await, 1, "nobody asks while the lease runs");
        end_lease(&world);
        let lost = robot(&server).get(&secrets(&id)).await;
        assert_eq!((lost.status, &lost.json()["error"]["code"]), (409, &json!("reauthorization_required")));
        let shown = admin(&server).get(&format!("/integrations/credentials/{id}")).await.json();
        assert_eq!(
            (&shown["status"], &shown["status_reason"]),
            (&json!("needs_reauth"), &json!("answer_lost"))
        );
        assert!(shown["next_step"].as_str().unwrap().contains("again"), "{shown}");
        for _ in 0..3 {
            assert_eq!(robot(&server).get(&secrets(&id)).await.status, 409);
        }
        assert_eq!(refreshes(&provider).await, 2, "never an endless retry");
        let trail = admin(&server).get("/integrations/audit?action=credential.refreshed").await.json();
        assert_eq!(trail["items"][0]["details"]["reason"], "answer_lost", "{trail}");
        let verified = world.setup.must(&["audit", "verify", "--json"]);
        assert!(verified.contains("true"), "{verified}");
    }
}

/// Where the provider takes a replaced refresh token once more within a minute, nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_grace_the_token_is_recovered() {
    let rehearsal = Rehearsal::start().await;
    let world = with_app(rehearsal.set(World::embedded()), "dropbox");
    let slow = OauthBehaviour {
        rotate: true,
        grace: Some(Duration::from_secs(60)),
        delay: Duration::from_millis(300),
        ..OauthBehaviour::default()
    };
    let asked = || rehearsal.simulator.oauth_counts().token_requests_of("refresh_token");
    for round in 0..count(5, 100) {
        let server = world.setup.start().await;
        let admin = admin(&server);
        rehearsal.simulator.oauth(OauthBehaviour { delay: Duration::ZERO, ..slow });
        let begun = admin.get("/integrations/dropbox/authorize").await.json();
        let back = Browser::default().follow(begun["authorization_url"].as_str().unwrap()).await;
        assert_eq!(Form::of(&visit(&back).await).press("connect").await.status, 200, "round {round}");
        let id = admin.get("/integrations/credentials").await.json()[0]["id"].as_str().unwrap().to_owned();
        world.sql("UPDATE credentials SET access_token_expires_at = 1000000");
        rehearsal.simulator.oauth(slow);
        let before = asked();
        let (client, path) = (robot(&server), secrets(&id));
        let reading = tokio::spawn(async move { client.try_send(reqwest::Method::GET, &path, None).await });
        until(Duration::from_secs(5), "no refresh begins", async || asked() == before + 1).await;
        server.kill();
        assert!(reading.await.unwrap().is_none());

        let server = world.setup.start().await;
        end_lease(&world);
        let read = robot(&server).get(&secrets(&id)).await;
        assert_eq!((read.status, &read.json()["version"]), (200, &json!(2)), "round {round}: {}", read.text);
        assert_eq!(asked(), before + 2);
        let tested = robot(&server).post(&format!("/integrations/credentials/{id}/test"), json!({})).await;
        assert_eq!(tested.json()["code"], "ok", "the token is the one that the provider knows");
        assert_eq!(
            server
                .client(Character::admin_of("acme"))
                .delete(&format!("/integrations/credentials/{id}"))
                .await
                .status,
            204
        );
    }
}
