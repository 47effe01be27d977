//! Tests that a stored vault can still be used: what was in progress ends, what was stored is changed, and
//! everything can be read back.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::asking::Book;
use super::granting::here;
use super::restoring::{PUBLIC, Restored};
use super::story::{STORE, must, robot};
use super::{is_sound, verified};
use crate::oauth::{Form, visit};
use crate::support::authorization_servers::Browser;
use crate::support::client::sftp;
use crate::support::{Character, Client, Reply, Server, World, on_both_stores};

on_both_stores!(
    what_was_under_way_ends_as_it_would_have,
    tokens_are_refreshed_and_grants_are_given_again,
    what_was_stored_is_changed_rotated_and_deleted,
);

/// A stored vault with a running server.
struct Living {
    restored: Restored,
    book: Book,
    before: Value,
    server: Server,
}

impl Living {
    async fn start(world: World) -> Self {
        let restored = Restored::in_world(world).await;
        let (book, before) = (Book::read(restored.kind), verified(&restored.world));
        let server = restored.world.setup.start().await;
        Self { restored, book, before, server }
    }

    fn admin(&self) -> Client {
        self.server.client(Character::admin_of("acme"))
    }

    fn robot(&self) -> Client {
        self.server.client(robot())
    }

    /// The path of the credential with this name.
    async fn path(&self, name: &str) -> String {
        let list = must(&self.admin().get(&format!("{STORE}?limit=200")).await, 200);
        let found = list.as_array().unwrap().iter().find(|item| item["name"] == name);
        format!("{STORE}/{}", found.unwrap_or_else(|| panic!("no {name}"))["id"].as_str().unwrap())
    }

    async fn shown(&self, path: &str) -> Value {
        must(&self.admin().get(path).await, 200)
    }

    async fn read(&self, path: &str) -> Value {
        must(&self.robot().get(&format!("{path}/secrets")).await, 200)["credentials"].clone()
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.robot().post(path, body).await
    }

    async fn press(&self, page: Form) -> Reply {
        let form = Form { action: here(&self.server, &page.action), ..page };
        form.press_from(Some(PUBLIC), "connect").await
    }

    /// Completes a flow that has begun.
    async fn grant(&self, authorization_url: &str) -> Reply {
        let back = Browser::default().follow(authorization_url).await;
        self.press(Form::of(&visit(&here(&self.server, &back)).await)).await
    }

    /// Stops the server, and checks the state that it leaves.
    fn end(self) {
        self.server.stop();
        is_sound(&self.restored.world, &self.before);
    }
}

fn kept(form: &Value) -> Form {
    let text = |name: &str| form[name].as_str().unwrap().to_owned();
    Form { action: Url::parse(&text("action")).unwrap(), state: text("state"), token: text("token") }
}

async fn what_was_under_way_ends_as_it_would_have(world: World) {
    let living = Living::start(world).await;
    let flows = living.book.flows.clone();
    // The PKCE verifiers, and the secret of the organisation's own app, are in the stored envelopes.
    for flow in flows["begun"].as_array().unwrap() {
        let played = living.restored.rehearsal.simulator.address();
        let done = living.grant(&format!("http://{played}{}", flow["path"].as_str().unwrap())).await;
        assert_eq!(done.status, if flow["provider"] == "slack" { 303 } else { 200 }, "{}", done.text);
    }
    for name in ["Begun", "Own app", "Slack"] {
        let path = living.path(name).await;
        assert_eq!(living.shown(&path).await["status"], "validated", "{name}");
        assert!(living.read(&path).await["access_token"].is_string(), "{name}");
    }
    let connected = must(&living.admin().get("/v1/integrations?provider=slack").await, 200);
    assert_eq!(connected["items"][0]["status"], "connected");

    let confirm = flows["to_confirm"].as_array().unwrap();
    let again = format!("{STORE}/{}", flows["again"].as_str().unwrap());
    let before = living.read(&again).await;
    for form in &confirm[..2] {
        let done = living.press(kept(form)).await;
        assert_eq!(done.status, 200, "{}", done.text);
    }
    assert_eq!(living.shown(&again).await["version"], 2);
    assert_ne!(living.read(&again).await["access_token"], before["access_token"]);
    let confirmed = living.path("To confirm").await;
    assert!(living.read(&confirmed).await["refresh_token"].is_string());

    let to_complete = living.path("To complete").await;
    let done = must(&living.post("/integrations/oauth/complete", flows["to_complete"].clone()).await, 200);
    assert_eq!(done["status"], "validated");
    assert!(living.read(&to_complete).await["access_token"].is_string());
    ends_what_nobody_confirms(living, kept(&confirm[2])).await;
}

async fn ends_what_nobody_confirms(living: Living, form: Form) {
    let world = &living.restored.world;
    let path = living.path("To expire").await;
    world.sql(&format!("UPDATE authorization_flows SET expires_at = {}", world.time(-1)));
    assert_eq!(living.press(form).await.status, 400);
    let deadline = Instant::now() + Duration::from_secs(20);
    while living.admin().get(&path).await.status != 404 {
        assert!(Instant::now() < deadline, "what nobody confirmed stays");
    }
    assert_eq!(world.sql("SELECT count(*) FROM authorization_flows"), "0");
    living.end();
}

async fn tokens_are_refreshed_and_grants_are_given_again(world: World) {
    let living = Living::start(world).await;
    let refreshed =
        async |path: &str, status| must(&living.post(&format!("{path}/refresh"), json!({})).await, status);
    // The provider does not know the refresh token any more, and the lease records that an answer may have
    // been lost.
    let cut_off = format!("{STORE}/{}", living.book.flows["cut_off"].as_str().unwrap());
    refreshed(&cut_off, 502).await;
    living.restored.world.end_doubts();
    refreshed(&cut_off, 409).await;
    let shown = living.shown(&cut_off).await;
    assert_eq!((&shown["status"], &shown["status_reason"]), (&json!("needs_reauth"), &json!("answer_lost")));
    let lost = living.path("Mail").await;
    refreshed(&lost, 502).await;
    living.restored.world.end_doubts();
    refreshed(&lost, 409).await;
    assert_eq!(living.shown(&lost).await["status_reason"], "grant_refused");

    let program = living.path("Program").await;
    let before = living.read(&program).await;
    assert_eq!(refreshed(&program, 200).await["version"], 3);
    let after = living.read(&program).await;
    assert_ne!(before["access_token"], after["access_token"]);
    assert_eq!(before["client_secret"], after["client_secret"]);

    // Credentials that are not handed out any more can still be opened for a test: the simulator recognises a
    // word in them.
    for (name, code) in [("Ended altogether", "ok"), ("Ended by its date", "auth_rejected")] {
        let path = living.path(name).await;
        let report = must(&living.post(&format!("{path}/test"), json!({})).await, 200);
        assert_eq!(
            (&report["code"], &living.shown(&path).await["status"]),
            (&json!(code), &json!("needs_reauth"))
        );
    }
    for name in ["Ended altogether", "Ended, token valid"] {
        let path = living.path(name).await;
        let id = path.rsplit('/').next().unwrap();
        let begun = must(
            &living.admin().get(&format!("/integrations/google/authorize?credential_id={id}")).await,
            200,
        );
        let done = living.grant(begun["authorization_url"].as_str().unwrap()).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert_eq!(living.shown(&path).await["status"], "validated");
        assert!(living.read(&path).await["access_token"].is_string());
    }
    living.end();
}

async fn what_was_stored_is_changed_rotated_and_deleted(world: World) {
    let living = Living::start(world).await;
    let (admin, nightly) = (living.admin(), living.path("Nightly export").await);
    let rotation = json!({
        "credential_type": "user_password", "credentials": sftp("test-password-of-today")["credentials"],
    });
    let rotated = admin.send(Method::PATCH, &nightly, Some(rotation.clone()), &[("If-Match", "\"1\"")]).await;
    assert_eq!((rotated.status, &must(&rotated, 200)["version"]), (200, &json!(2)));
    let stale = admin.send(Method::PATCH, &nightly, Some(rotation), &[("If-Match", "\"1\"")]).await;
    assert_eq!(stale.status, 412);
    assert_eq!(living.read(&nightly).await["password"], "test-password-of-today");
    let reader = living.server.client(living.book.character("key reader"));
    let of_slot = must(&reader.get("/integrations/slots/nightly.export/credentials").await, 200);
    assert_eq!(of_slot["credentials"]["password"], "test-password-of-today");

    let crm = must(&living.robot().get("/integration-credentials/provider/salesforce").await, 200);
    let path = format!("/integration-credentials/{}", crm["id"].as_str().unwrap());
    let change = json!({ "metadata": { "added": "today" } });
    let changed = must(&living.robot().send(Method::PUT, &path, Some(change), &[]).await, 200);
    let mut expected = crm["metadata"].clone();
    expected["added"] = json!("today");
    assert_eq!((&changed["metadata"], &changed["access_token"]), (&expected, &crm["access_token"]));

    for name in ["Nightly export", "Production", "To confirm"] {
        let path = living.path(name).await;
        must(&admin.delete(&path).await, 204);
        must(&admin.get(&path).await, 404);
    }
    let connected = must(&admin.get("/v1/integrations?provider=datadog").await, 200);
    assert_eq!(connected["items"][0]["status"], "disconnected");
    let mut new = sftp("test-password-of-today");
    new["slot"] = json!("nightly.export");
    must(&admin.post(STORE, new).await, 201);
    let full = living.server.client(Character::admin_of("globex")).post(STORE, sftp("test-password")).await;
    assert_eq!((full.status, &full.json()["error"]["code"]), (409, &json!("quota_exceeded")));
    ends_keys(&living).await;
    living.end();
}

/// Revokes a stored key, and makes another one for its account.
async fn ends_keys(living: &Living) {
    let Character::Key(token) = living.book.character("key of_sftp") else { unreachable!() };
    let (admin, old) = (living.admin(), living.server.client(Character::Key(token.clone())));
    must(&old.get(STORE).await, 200);
    let accounts = must(&admin.get("/service-accounts").await, 200);
    let account = accounts.as_array().unwrap().iter().find(|account| account["name"] == "of_sftp").unwrap();
    let keys = format!("/service-accounts/{}/api-keys", account["id"].as_str().unwrap());
    must(&admin.delete(&format!("{keys}/{}", token.split('_').nth(1).unwrap())).await, 204);
    assert_eq!(old.get(STORE).await.status, 401);
    let new = must(&admin.post(&keys, json!({ "name": "of today" })).await, 201);
    let new = living.server.client(Character::Key(new["token"].as_str().unwrap().to_owned()));
    must(&new.get(STORE).await, 200);
}
