//! Fills a vault before it is stored: with a bit of everything, through three dialects.

use reqwest::Method;
use serde_json::{Map, Value, json};
use strongroom_domain::CredentialType;
use strongroom_provider_simulator::Marker;

use super::granting::cut_off_refresh;
use crate::support::client::sftp;
use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, Client, Reply, Server, World};

pub(super) const STORE: &str = "/integrations/credentials";
const CRM: &str = "/integration-credentials/";
const ACCOUNTS: &str = "/service-accounts";
const KEY_FILES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/adapters/environment/tests/suite/throwaway-keys");

/// A vault that is being filled, and what its users and browsers keep.
pub(super) struct Story {
    pub(super) world: World,
    pub(super) rehearsal: Rehearsal,
    pub(super) keys: Map<String, Value>,
    pub(super) flows: Map<String, Value>,
}

impl Story {
    pub(super) fn begin(world: World, rehearsal: Rehearsal) -> Self {
        Self { world, rehearsal, keys: Map::new(), flows: Map::new() }
    }

    /// Runs the whole story. The server has stopped when this returns.
    pub(super) async fn tell(mut self) -> Self {
        let server = self.world.setup.start().await;
        let told = Teller { story: &self, server: &server };
        told.primary_dialect().await;
        told.connect_dialect().await;
        told.crm_dialect().await;
        let ended = told.grants_that_ended().await;
        told.grants().await;
        let flows = told.flows_under_way().await;
        let keys = told.programs().await;
        told.refusals(&keys).await;
        server.stop();
        self.flows.extend(flows);
        self.keys.extend(keys);
        self.world = self.world.with("STRONGROOM_OAUTH__COMPLETION", "bound");
        let server = self.world.setup.start().await;
        let told = Teller { story: &self, server: &server };
        let cut_off = told.granted_by_code().await;
        let to_complete = told.bound_flow("name=To%20complete").await;
        cut_off_refresh(&self, server, &cut_off).await;
        self.flows.insert("to_complete".into(), to_complete);
        self.flows.insert("cut_off".into(), json!(cut_off));
        // Another start recovers from the crash, and its stop writes everything to the store.
        self.world.setup.start().await.stop();
        self.date(&ended);
        self
    }

    /// Moves the times that would otherwise depend on the day far into the future or the past.
    fn date(&self, ended: &str) {
        let (world, past, future) = (&self.world, self.moment(2020), self.moment(2099));
        world.sql(&format!(
            "UPDATE credentials SET access_token_expires_at = {future} WHERE access_token_expires_at > {}",
            world.time(0)
        ));
        world.sql(&format!("UPDATE credentials SET refresh_at = {future} WHERE refresh_at IS NOT NULL"));
        let row = format!("WHERE id = {}", world.id(ended));
        world.sql(&format!("UPDATE credentials SET access_token_expires_at = {past} {row}"));
        world.sql(&format!("UPDATE refresh_leases SET retry_at = {future} WHERE retry_at IS NOT NULL"));
        world.sql(&format!("UPDATE refresh_leases SET held_until = {past} WHERE held_until IS NOT NULL"));
        world.sql(&format!("UPDATE authorization_flows SET expires_at = {future}"));
        world.sql(&format!("UPDATE authorization_flows SET expires_at = {past} WHERE name = 'over by now'"));
        world.sql(&format!("UPDATE api_keys SET expires_at = {past} WHERE name = 'over by now'"));
    }

    fn moment(&self, year: u16) -> String {
        match self.world.is_embedded() {
            true => format!("unixepoch('{year}-06-01') * 1000000"),
            false => format!("'{year}-06-01T00:00:00Z'::timestamptz"),
        }
    }
}

/// Runs the parts of the story, one after the other, on a server.
pub(super) struct Teller<'a> {
    pub(super) story: &'a Story,
    pub(super) server: &'a Server,
}

impl Teller<'_> {
    pub(super) fn client(&self, character: Character) -> Client {
        self.server.client(character)
    }

    pub(super) fn admin(&self) -> Client {
        self.client(Character::admin_of("acme"))
    }

    pub(super) fn robot(&self) -> Client {
        self.client(robot())
    }

    pub(super) fn played(&self, provider: &str, kind: CredentialType, marker: Marker) -> Value {
        untested((provider, kind.as_str()), self.story.rehearsal.credentials(provider, kind, marker))
    }

    async fn primary_dialect(&self) {
        let (admin, robot) = (self.admin(), self.robot());
        self.story.world.setup.must(&["org", "limit", "--org", "acme", "40"]);
        for new in self.passwords_and_keys() {
            store(&admin, new).await;
        }
        let rotated = store(&robot, named(sftp("test-password-1"), "Rotated twice")).await;
        for password in ["test-password-2", "test-password-3"] {
            let change = json!({
                "credential_type": "user_password", "credentials": sftp(password)["credentials"],
            });
            must(&admin.patch(&rotated, change).await, 200);
        }
        must(&admin.patch(&rotated, json!({ "name": "Rotated, größer – renamed" })).await, 200);
        let tested =
            named(self.played("datadog", CredentialType::ApiKey, Marker::Good), "Tested at the start");
        must(&admin.post(&format!("{STORE}?test=true"), tested).await, 201);
        let refused = store(&admin, self.played("pagerduty", CredentialType::ApiKey, Marker::Bad)).await;
        must(&admin.send(Method::POST, &format!("{refused}/test"), None, &[]).await, 200);
        must(&admin.delete(&store(&admin, named(sftp("test-password"), "Gone")).await).await, 204);
        let edited = store(&admin, named(sftp("test-password"), "Edited, and gone")).await;
        let id = edited.rsplit('/').next().unwrap();
        let world = &self.story.world;
        world.sql(&format!("UPDATE credentials SET version = 7 WHERE id = {}", world.id(id)));
        must(&robot.get(&format!("{edited}/secrets")).await, 500);
        must(&admin.delete(&edited).await, 204);
        for reader in [&robot, &self.client(Character::service_of("acme", "secrets:read"))] {
            must(&reader.get(&format!("{rotated}/secrets?fields=password")).await, 200);
        }
        store(&self.client(Character::admin_of("globex")), named(sftp("test-password-globex"), "Of globex"))
            .await;
        let mut try_out = self.played("github", CredentialType::ApiKey, Marker::Good);
        try_out.as_object_mut().unwrap().remove("provider");
        must(&admin.post("/integrations/github/test-connection", try_out).await, 200);
    }

    fn passwords_and_keys(&self) -> Vec<Value> {
        let key = |name: &str| std::fs::read_to_string(format!("{KEY_FILES}/{name}")).unwrap();
        let mut nightly = named(sftp("test-password \u{1f511} \"quoted\\\""), "Nightly export");
        nightly["slot"] = json!("nightly.export");
        nightly["expires_at"] = json!("2099-12-31T23:59:59Z");
        let mut over = named(sftp("test-password"), "Over since 2020");
        over["expires_at"] = json!("2020-01-01T00:00:00Z");
        let string = "postgres://app:test%20password%2F1@db.example.com:5433/sales?sslmode=require";
        let plain = json!({ "host": "files.example.com", "username": "etl", "private_key": key("ed25519") });
        let locked = json!({
            "host": "files.example.com", "port": 2222, "username": "etl",
            "private_key": key("ed25519-passphrase"), "passphrase": "open sesame",
            "host_key_fingerprint": "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        });
        let custom = json!({
            "base_url": "https://api.example.com", "username": "app", "password": "test-password",
        });
        let sharepoint = json!({
            "access_token": "test-access-token", "refresh_token": "test-refresh-token",
            "expires_at": "2099-06-01T00:00:00Z", "scope": "Sites.Read.All", "tenant": "tenant.example.com",
        });
        vec![
            nightly,
            over,
            untested(("sftp", "key_file"), plain),
            untested(("sftp", "key_file"), locked),
            untested(("postgresql", "user_password"), json!({ "connection_string": string })),
            self.played("aws_ses", CredentialType::ApiKey, Marker::Good),
            untested(("custom", "user_password"), custom),
            untested(("sharepoint", "sharepoint_oauth"), sharepoint),
        ]
    }

    async fn connect_dialect(&self) {
        let admin = self.admin();
        let stored = async |client: &Client, provider: &str, label: &str| {
            let credentials =
                self.story.rehearsal.credentials(provider, CredentialType::ApiKey, Marker::Good);
            let path = format!("/v1/integrations/{provider}/credentials");
            let new = json!({ "credentials": credentials, "label": label });
            let stored = must(&client.post(&path, new).await, 201);
            let body = json!({ "credentialId": stored["credentialId"] });
            must(&client.post(&format!("/v1/integrations/{provider}/connect"), body).await, 200);
        };
        stored(&admin, "datadog", "Production").await;
        stored(&admin, "pagerduty", "On call").await;
        must(&admin.delete("/v1/integrations/pagerduty/connect").await, 204);
        stored(&self.client(Character::admin_of("globex")), "datadog", "Of globex").await;
    }

    async fn crm_dialect(&self) {
        let (admin, robot) = (self.admin(), self.robot());
        let salesforce = json!({
            "provider": "salesforce", "dsn": "https://mycompany.my.salesforce.com",
            "access_token": "test-token-1",
            "metadata": {
                "instance_url": "https://mycompany.my.salesforce.com", "api_version": "v58.0",
                "refresh_token": "test-refresh-token", "note": { "deep": ["test-note", 7, 1.5, true, null] },
                "größe": { "big": 9_007_199_254_740_993_u64 },
            },
        });
        let stored = must(&robot.post(CRM, salesforce.clone()).await, 201);
        let path = format!("{CRM}{}", stored["id"].as_str().unwrap());
        let metadata = json!({ "api_version": "v59.0", "added": "test" });
        let change = json!({ "access_token": "test-token-2", "metadata": metadata });
        must(&admin.send(Method::PUT, &path, Some(change), &[]).await, 200);
        let others = [
            json!({ "provider": "hubspot", "dsn": "https://api.hubapi.com", "access_token": "test-token" }),
            json!({
                "provider": "custom", "access_token": "test-token",
                "dsn": "postgres://crm:test-password@db.example.com:5432/crm?password=test",
                "metadata": { "api_version": "1", "secret": "test-secret" },
            }),
        ];
        for other in others {
            must(&admin.post(CRM, other).await, 201);
        }
        let gone = json!({
            "provider": "pipedrive", "dsn": "https://acme.pipedrive.com", "access_token": "test-token",
        });
        let gone = must(&admin.post(CRM, gone).await, 201);
        must(&admin.delete(&format!("{CRM}{}", gone["id"].as_str().unwrap())).await, 200);
        let mut theirs = salesforce;
        theirs["access_token"] = json!("test-token-globex");
        must(&self.client(Character::admin_of("globex")).post(CRM, theirs).await, 201);
    }

    /// Makes service accounts and their keys. Returns the tokens by the purposes of the keys.
    async fn programs(&self) -> Map<String, Value> {
        let (admin, mut keys) = (self.admin(), Map::new());
        let slot = &must(&admin.get(&format!("{STORE}?slot=nightly.export")).await, 200)[0]["id"];
        let accounts = [
            (
                "reader",
                json!({
                    "scopes": ["credentials:read", "secrets:read", "refresh_tokens:read"],
                    "description": "Reads\neverything",
                }),
            ),
            ("of_sftp", json!({ "scopes": ["credentials:read"], "providers": ["sftp", "postgresql"] })),
            ("of_one", json!({ "credential_ids": [slot] })),
            ("idle", json!({})),
            ("gone", json!({})),
        ];
        for (name, mut new) in accounts {
            new["name"] = json!(name);
            let account = must(&admin.post(ACCOUNTS, new).await, 201);
            let path = format!("{ACCOUNTS}/{}", account["id"].as_str().unwrap());
            for purpose in
                [name, "over by now", "revoked"].into_iter().take(if name == "reader" { 3 } else { 1 })
            {
                let end = (purpose != name).then_some("2099-01-01T00:00:00Z");
                let new = json!({ "name": purpose, "expires_at": end });
                let key = must(&admin.post(&format!("{path}/api-keys"), new).await, 201);
                let program = self.client(Character::Key(key["token"].as_str().unwrap().to_owned()));
                assert_ne!(program.get(STORE).await.status, 401, "{purpose}");
                keys.insert(purpose.to_owned(), key["token"].clone());
                if purpose == "revoked" {
                    let id = key["id"].as_str().unwrap();
                    must(&admin.delete(&format!("{path}/api-keys/{id}")).await, 204);
                }
            }
            match name {
                "idle" => drop(must(&admin.patch(&path, json!({ "status": "inactive" })).await, 200)),
                "gone" => drop(must(&admin.delete(&path).await, 204)),
                "reader" => {
                    let reader = self.client(Character::Key(keys["reader"].as_str().unwrap().to_owned()));
                    must(&reader.get("/integrations/slots/nightly.export/credentials").await, 200);
                }
                _ => {}
            }
        }
        let scopes = ["credentials:read", "secrets:read", "refresh_tokens:read"];
        let theirs = self.client(Character::admin_of("globex")).hire(&scopes).await;
        let Character::Key(theirs) = theirs else { unreachable!() };
        keys.insert("globex".to_owned(), json!(theirs));
        keys
    }

    /// Sends requests that are refused and recorded.
    async fn refusals(&self, keys: &Map<String, Value>) {
        let (admin, member) = (self.admin(), self.client(Character::member_of("acme")));
        must(&member.get("/integrations/slots/nightly.export/credentials").await, 403);
        must(&member.get("/integrations/audit").await, 403);
        let mut forged = keys["reader"].as_str().unwrap().to_owned();
        forged.replace_range(forged.len() - 2.., "__");
        must(&self.client(Character::Key(forged)).get(STORE).await, 401);
        let near = json!({
            "host": "127.0.0.1", "username": "etl", "auth_type": "password", "password": "test-password",
        });
        must(&admin.post("/integrations/sftp/test-connection", near).await, 200);
        self.story.world.setup.must(&["org", "limit", "--org", "globex", "1"]);
        let globex = self.client(Character::admin_of("globex"));
        must(&globex.post(STORE, sftp("test-password")).await, 409);
        for path in ["/integrations/audit?limit=3", "/integrations/audit/verify"] {
            must(&globex.get(path).await, 200);
        }
    }
}

pub(super) fn robot() -> Character {
    Character::service_of("acme", "credentials:read credentials:write secrets:read refresh_tokens:read")
}

fn untested((provider, kind): (&str, &str), credentials: Value) -> Value {
    json!({ "provider": provider, "credential_type": kind, "credentials": credentials })
}

pub(super) fn named(mut new: Value, name: &str) -> Value {
    new["name"] = json!(name);
    new
}

/// Stores credentials and returns their path.
pub(super) async fn store(client: &Client, new: Value) -> String {
    format!("{STORE}/{}", must(&client.post(STORE, new).await, 201)["id"].as_str().unwrap())
}

/// Checks the status of an answer and returns its body.
#[track_caller]
pub(super) fn must(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text);
    if reply.text.is_empty() { Value::Null } else { reply.json() }
}
