//! Tests of flows that succeed, with both ways to complete them.

use serde_json::{Value, json};

use super::{Form, HOUR, admin, begin, granted, location, parameter, person, robot, secrets, url_of, visit};
use crate::support::authorization_servers::{
    Browser, CLIENT_ID, CLIENT_SECRET, Fault, MockServer, OidcServer, PROVIDER,
};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    a_person_confirms_and_the_credential_is_usable,
    the_principal_that_began_completes_with_the_code_that_comes_back,
    authorising_again_keeps_the_id_and_refuses_another_account,
    what_nobody_confirms_goes_away,
);

const DONE: &str = "https://app.example.com/done";

async fn a_person_confirms_and_the_credential_is_usable(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world).with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", DONE);
    let server = world.setup.start().await;
    let (alice, robot) = (server.client(Character::member_of("acme")), robot(&server));
    let begun = begin(&alice, &format!("name=Mail&redirect_to={DONE}%3Ftab%3D2")).await;
    assert_eq!(begun["state"].as_str().unwrap().len(), 43, "256 bits");
    assert_eq!(alice.get("/integrations/credentials").await.json(), json!([]), "nothing is there yet");

    let back = Browser::default().follow_as(url_of(&begun), "bob@example.com").await;
    let page = visit(&back).await;
    for shown in [
        "acme",
        "mallory",
        "Signed in by</dt><dd>strongroom<",
        "Acme ID",
        "bob@example.com",
        "Connect",
        "This was not me",
    ] {
        assert!(page.text.contains(shown), "{shown} is not on the page");
    }
    let pending = alice.get("/integrations/credentials").await.json();
    let id = pending[0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&pending[0]["status"], &pending[0]["name"]), (&json!("pending"), &json!("Mail")));
    for (client, path) in
        [(&robot, secrets(&id)), (&robot, format!("/integrations/credentials/{id}/refresh"))]
    {
        let reply = match path.ends_with("refresh") {
            true => client.send(reqwest::Method::POST, &path, None, &[]).await,
            false => client.get(&path).await,
        };
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (409, &json!("authorization_pending")),
            "{path}"
        );
    }

    let sent = location(&Form::of(&page).press("connect").await);
    assert!(sent.as_str().starts_with(&format!("{DONE}?tab=2&")), "{sent}");
    assert_eq!(parameter(&sent, "credential_id"), Some(id.clone()));
    assert_eq!(parameter(&sent, "status").as_deref(), Some("validated"));
    let read = robot.get(&secrets(&id)).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let fields = read.json()["credentials"].clone();
    assert!(fields["access_token"].is_string() && fields["refresh_token"].is_string());
    assert_eq!((&fields["token_type"], &fields["scope"]), (&json!("Bearer"), &json!("openid email")));
    let shown = alice.get(&format!("/integrations/credentials/{id}")).await.json();
    assert_eq!((&shown["account"], &shown["status"]), (&json!("bob@example.com"), &json!("validated")));
    assert_eq!((&shown["created_by"], &shown["user_id"]), (&json!("mallory"), &json!("mallory")));
    assert!(shown["expires_at"].is_null() && shown["access_token_expires_at"].is_string());
    // The token is valid, and it can be refreshed.
    let tested = robot.post(&format!("/integrations/credentials/{id}/test"), json!({})).await.json();
    assert_eq!(tested["code"], "ok", "{tested}");
    let refreshed = robot.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await;
    assert_eq!((refreshed.status, &refreshed.json()["version"]), (200, &json!(2)), "{}", refreshed.text);
    let verified = world.setup.must(&["audit", "verify", "--json", "--deep"]);
    assert!(verified.contains("\"ok\":true") || verified.contains("\"ok\": true"), "{verified}");
}

async fn the_principal_that_began_completes_with_the_code_that_comes_back(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world).with("STRONGROOM_OAUTH__COMPLETION", "bound");
    let world = world.with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", DONE);
    let server = world.setup.start().await;
    let robot = robot(&server);
    let missing = robot.get(&format!("/integrations/{PROVIDER}/authorize")).await;
    assert_eq!((missing.status, &missing.json()["error"]["details"][0]["field"]), (400, &json!("subject")));

    let begun = begin(&robot, &format!("subject=end-user-7&redirect_to={DONE}")).await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let sent = location(&visit(&back).await);
    assert_eq!(parameter(&sent, "status").as_deref(), Some("pending"));
    let (id, code) =
        (parameter(&sent, "credential_id").unwrap(), parameter(&sent, "completion_code").unwrap());
    let complete = |state: &Value, code: &str, subject: Option<&str>| json!({ "state": state, "completion_code": code, "subject": subject });
    let path = "/integrations/oauth/complete";
    let other = server.client(Character::admin_of("acme"));
    let foreign = other.post(path, complete(&begun["state"], &code, Some("end-user-7"))).await;
    assert_eq!(foreign.status, 403, "somebody else of the organisation: {}", foreign.text);
    for (body, field) in [
        (complete(&begun["state"], &code, Some("end-user-8")), "subject"),
        (complete(&begun["state"], &code, None), "subject"),
        (complete(&begun["state"], &begun["state"].to_string(), Some("end-user-7")), "completion_code"),
        (complete(&json!("a-state"), &code, Some("end-user-7")), "state"),
    ] {
        let refused = robot.post(path, body).await;
        assert_eq!((refused.status, &refused.json()["error"]["details"][0]["field"]), (400, &json!(field)));
        assert_eq!(robot.get(&secrets(&id)).await.status, 409, "still pending");
    }
    let done = robot.post(path, complete(&begun["state"], &code, Some("end-user-7"))).await;
    assert_eq!((done.status, &done.json()["status"]), (200, &json!("validated")), "{}", done.text);
    assert_eq!(robot.get(&secrets(&id)).await.status, 200);
    let again = robot.post(path, complete(&begun["state"], &code, Some("end-user-7"))).await;
    assert_eq!(again.status, 400, "a code completes once");

    // Without a `redirect_to`, the page of the service shows the code.
    let begun = begin(&admin(&server), "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let page = visit(&back).await;
    let code = page.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
    let done = admin(&server).post(path, complete(&begun["state"], code, None)).await;
    assert_eq!(done.status, 200, "{}", done.text);
}

async fn authorising_again_keeps_the_id_and_refuses_another_account(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    let first = robot.get(&secrets(&id)).await.json();

    let begun = begin(&admin, &format!("credential_id={id}")).await;
    let back = Browser::default().follow_as(url_of(&begun), "mallory@example.com").await;
    let refused = visit(&back).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("other_account"), "{}", refused.text);
    assert!(robot.get(&secrets(&id)).await.json() == first, "nothing has changed");

    // An edit that is made while the user is at the provider is not overwritten.
    let begun = begin(&admin, &format!("credential_id={id}")).await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let path = format!("/integrations/credentials/{id}");
    assert_eq!(admin.patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    let refused = visit(&back).await;
    assert!(refused.status == 400 && refused.text.contains("credential_changed"), "{}", refused.text);
    let begun = begin(&admin, &format!("credential_id={id}")).await;
    let form = Form::of(&visit(&Browser::default().follow(url_of(&begun)).await).await);
    assert_eq!(admin.patch(&path, json!({ "name": "Renamed again" })).await.status, 200);
    let refused = form.press("connect").await;
    assert!(refused.status == 400 && refused.text.contains("credential_changed"), "{}", refused.text);
    assert!(robot.get(&secrets(&id)).await.json() == first, "nothing has changed");

    let begun = begin(&admin, &format!("credential_id={id}&name=Again")).await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let page = visit(&back).await;
    assert!(robot.get(&secrets(&id)).await.json() == first, "nothing has changed before it is confirmed");
    // A refresh in the meantime does not prevent the completion.
    assert_eq!(robot.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await.status, 200);
    assert_eq!(Form::of(&page).press("connect").await.status, 200);
    let second = robot.get(&secrets(&id)).await.json();
    assert_eq!((&second["id"], &second["version"]), (&first["id"], &json!(3)));
    assert!(second["credentials"]["refresh_token"] != first["credentials"]["refresh_token"]);
    let shown = admin.get(&format!("/integrations/credentials/{id}")).await.json();
    assert_eq!((&shown["name"], &shown["status"]), (&json!("Again"), &json!("validated")));
    assert_eq!(admin.get("/integrations/credentials").await.json().as_array().unwrap().len(), 1);
}

async fn what_nobody_confirms_goes_away(world: World) {
    let provider = MockServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let admin = admin(&server);
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let page = visit(&back).await;
    assert_eq!(
        admin.get("/integrations/credentials?status=pending").await.json().as_array().unwrap().len(),
        1
    );
    // Ten minutes have passed by the store's clock.
    world.sql(&format!("UPDATE authorization_flows SET expires_at = {}", world.time(-1)));
    let late = Form::of(&page).press("connect").await;
    assert_eq!(late.status, 400, "{}", late.text);
    super::until(std::time::Duration::from_secs(20), "the pending credential stays", async || {
        admin.get("/integrations/credentials").await.json() == json!([])
    })
    .await;
    assert_eq!(world.sql("SELECT sum(used) FROM credential_quota"), "0", "its place is free again");
    assert_eq!(world.sql("SELECT count(*) FROM authorization_flows"), "0");
    let trail = admin.get("/integrations/audit?action=authorization.failed").await.json();
    assert_eq!(trail["items"][0]["details"]["reason"], "over", "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn this_was_not_me_throws_the_grant_away() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let admin = admin(&server);
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let form = Form::of(&visit(&back).await);
    let done = form.press("disown").await;
    assert!(done.text.contains("disowned"), "{}", done.text);
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]));
    // At some providers a revocation would end every grant of this user to the app.
    assert_eq!(provider.counts().await.revoke, 0);
    assert_eq!(form.press("connect").await.status, 400, "it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_with_revoke_ends_the_grant_at_the_provider() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let admin = admin(&server);
    let (kept, ended) = (granted(&admin).await, granted(&admin).await);
    assert_eq!(admin.delete(&format!("/integrations/credentials/{kept}")).await.status, 204);
    assert_eq!(provider.counts().await.revoke, 0, "only on request");
    assert_eq!(admin.delete(&format!("/integrations/credentials/{ended}?revoke=true")).await.status, 204);
    let counts = provider.counts().await;
    assert_eq!((counts.revoke, counts.revoked_grants), (1, 1));
    let trail = admin.get("/integrations/audit?action=grant.revoked").await.json();
    let event = &trail["items"][0];
    assert_eq!((&event["outcome"], &event["credential_id"]), (&json!("success"), &json!(ended)), "{trail}");
    // The deletion waits for a refresh in progress, so that it revokes the newest token.
    let id = granted(&admin).await;
    provider.fail_next(Fault::Delay(std::time::Duration::from_secs(1)), 1).await;
    let (client, refresh) = (robot(&server), format!("/integrations/credentials/{id}/refresh"));
    let refreshing = tokio::spawn(async move { client.post(&refresh, json!({})).await.status });
    let limit = std::time::Duration::from_secs(10);
    super::until(limit, "no refresh begins", async || super::refreshes(&provider).await == 1).await;
    assert_eq!(admin.delete(&format!("/integrations/credentials/{id}?revoke=true")).await.status, 204);
    assert!([200, 404].contains(&refreshing.await.unwrap()));
    let counts = provider.counts().await;
    assert_eq!((counts.revoke, counts.revoked_grants, counts.reuses), (2, 2, 0));
    let trail = admin.get("/integrations/audit?action=grant.revoked").await.json();
    assert_eq!(
        (&trail["items"][0]["outcome"], &trail["items"][0]["version"]),
        (&json!("success"), &json!(2))
    );
    // A credential can be deleted even when its provider is away.
    let id = granted(&admin).await;
    drop(provider);
    assert_eq!(admin.delete(&format!("/integrations/credentials/{id}?revoke=true")).await.status, 204);
    let trail = admin.get("/integrations/audit?action=grant.revoked").await.json();
    assert_eq!(trail["items"][0]["outcome"], "failed", "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_credentials_become_a_token_at_the_first_read() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let body = json!({
        "provider": PROVIDER, "credential_type": "client_credentials",
        "credentials": { "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET },
    });
    let stored = admin.post("/integrations/credentials", body).await.json();
    let id = stored["id"].as_str().unwrap();
    let first = robot.get(&secrets(id)).await.json();
    assert!(first["credentials"]["access_token"].is_string(), "{}", first["version"]);
    assert_eq!(first["credentials"]["client_secret"], CLIENT_SECRET);
    let second = robot.get(&secrets(id)).await.json();
    assert_eq!(second["credentials"], first["credentials"]);
    assert_eq!(provider.counts().await.token_requests("client_credentials"), 1);
    // Client credentials that the provider refuses, or cannot check, are handed out as they were stored.
    let store = async || {
        let body = json!({
            "provider": PROVIDER, "credential_type": "client_credentials",
            "credentials": { "client_id": "another", "client_secret": "client_secret_EXAMPLE" },
        });
        admin.post("/integrations/credentials", body).await.json()["id"].as_str().unwrap().to_owned()
    };
    let refused = store().await;
    for _ in 0..2 {
        let read = robot.get(&secrets(&refused)).await;
        assert_eq!(
            (read.status, read.json()["credentials"]["access_token"].is_null()),
            (200, true),
            "{}",
            read.text
        );
    }
    let shown = admin.get(&format!("/integrations/credentials/{refused}")).await.json();
    assert_eq!((&shown["status"], &shown["status_reason"]), (&json!("rejected"), &json!("client_refused")));
    assert_eq!(
        provider.counts().await.token_requests("client_credentials"),
        2,
        "they are not tried again and again"
    );
    let unseen = store().await;
    drop(provider);
    let read = robot.get(&secrets(&unseen)).await;
    assert_eq!(
        (read.status, read.json()["credentials"]["access_token"].is_null()),
        (200, true),
        "{}",
        read.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_no_is_sent_back_with_a_reason_and_nothing_is_stored() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded()).with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", DONE);
    let server = world.setup.start().await;
    let admin = admin(&server);
    let begun = begin(&admin, &format!("scope=openid%20deny&redirect_to={DONE}")).await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let sent = location(&visit(&back).await);
    assert_eq!(parameter(&sent, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&sent, "status").as_deref(), Some("failed"));
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]));
    let requests = person().get(back).send().await.unwrap();
    assert_eq!(requests.status().as_u16(), 400, "the state is used up");
}
