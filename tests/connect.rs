//! Tests of the connect dialect (api.md, part 2), with Datadog, PagerDuty and others played by the simulator.

mod catalog;
mod connecting;
mod disconnecting;
mod errors;
mod listing;
mod racing;
mod reach;
mod storing;

use std::path::Path;

use serde_json::{Value, json};
use strongroom_domain::CredentialType;
use strongroom_provider_simulator::Marker;

use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, Client, Reply, Server, World};

/// A server whose providers are simulated, with three additional providers.
struct Stage {
    rehearsal: Rehearsal,
    world: World,
    server: Server,
}

impl Stage {
    async fn set(world: World) -> Self {
        Self::set_with(world, 1).await
    }

    /// Sets the stage. The test of the provider `faraway` leads to this port on loopback instead of a closed
    /// one.
    async fn set_with(world: World, faraway: u16) -> Self {
        let rehearsal = Rehearsal::start().await;
        let world = rehearsal.set(world);
        add_providers(Path::new(world.setup.variable("STRONGROOM_CATALOG__DIR").unwrap()), faraway);
        let server = world.setup.start().await;
        Self { rehearsal, world, server }
    }

    fn admin(&self) -> Client {
        self.server.client(Character::admin_of("acme"))
    }

    /// The `credentials` of a provider with a marker in every secret.
    fn credentials(&self, provider: &str, marker: Marker) -> Value {
        self.rehearsal.credentials(provider, CredentialType::ApiKey, marker)
    }

    /// Stores credentials through this dialect and returns their id.
    async fn store(&self, client: &Client, provider: &str, marker: Marker) -> String {
        let reply = post(client, provider, &self.credentials(provider, marker)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        text(&reply.json(), "credentialId")
    }

    /// Stores credentials through the primary dialect, untested.
    async fn store_untested(&self, client: &Client, provider: &str, credentials: &Value) -> String {
        let new = json!({ "provider": provider, "credential_type": "api_key", "credentials": credentials });
        let reply = client.post("/integrations/credentials", new).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        text(&reply.json(), "id")
    }
}

async fn post(client: &Client, provider: &str, credentials: &Value) -> Reply {
    let path = format!("/v1/integrations/{provider}/credentials");
    client.post(&path, json!({ "credentials": credentials })).await
}

async fn connect(client: &Client, provider: &str, credential: &str) -> Reply {
    client.post(&path_of(provider), json!({ "credentialId": credential })).await
}

/// The path that connects a provider.
fn path_of(provider: &str) -> String {
    format!("/v1/integrations/{provider}/connect")
}

/// Checks the body of a refusal and returns its message.
fn refused(reply: &Reply, status: u16, code: &str) -> String {
    let body = reply.json();
    assert_eq!((reply.status, &body["error"]), (status, &json!(code)), "{}", reply.text);
    assert_eq!(body.as_object().unwrap().len(), 2, "{}", reply.text);
    text(&body, "message")
}

fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("no {field} in {object}")).to_owned()
}

/// The connection of a provider in the list.
async fn shown(client: &Client, provider: &str) -> Value {
    let page = client.get(&format!("/v1/integrations?provider={provider}")).await.json();
    assert_eq!(page["total"], 1, "{page}");
    page["items"][0].clone()
}

async fn credentials_of(client: &Client, provider: &str) -> usize {
    let path = format!("/integrations/credentials?provider={provider}");
    client.get(&path).await.json().as_array().unwrap().len()
}

/// How many events of an action are about a credential.
async fn events_about(client: &Client, action: &str, credential: &str) -> usize {
    let path = format!("/integrations/audit?action={action}&credential_id={credential}");
    client.get(&path).await.json()["items"].as_array().unwrap().len()
}

/// Adds three providers: `untested` has no test, the test of `faraway` leads to a port on loopback, and
/// `hooks` has webhooks only.
fn add_providers(folder: &Path, faraway: u16) {
    let provider = |id: &str, test: &str, auth_type: &str, required: &str| {
        let text = format!(
            r#"
schema = 1
id = "{id}"
display_name = "Provider {id}"
description = "A provider of the tests."
category = "monitoring"

[[field]]
name = "api_key"
label = "API key"
type = "text"
secret = true
example = "api_key_EXAMPLE"

[types.api_key]
required = ["api_key"]

{test}
[dialects.primary]

[dialects.connect]
category = "cloud"
auth_type = "{auth_type}"
required_fields = [{required}]
"#
        );
        std::fs::write(folder.join(format!("{id}.toml")), text).unwrap();
    };
    let step = r#"
[[test.step]]
url = "http://127.0.0.1:PORT/"
headers = { Authorization = "Bearer {api_key}" }
outcomes = [{ status = [200], code = "ok" }, { status = [401], code = "auth_rejected" }]
"#;
    let step = step.replace("PORT", &faraway.to_string());
    provider("untested", "", "api_key", "\"api_key\"");
    provider("faraway", &step, "api_key", "\"api_key\"");
    provider("hooks", "", "webhook_only", "");
}
