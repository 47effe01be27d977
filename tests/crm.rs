//! Tests of the CRM dialect, as its clients use it (api.md, part 3).

mod changes;
mod curl;
mod dialects;
mod errors;
mod evidence;
mod races;
mod reach;
mod visibility;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Character, Client, Reply, Server};

const LIST: &str = "/integration-credentials/";

/// The marker in every secret of [`salesforce`].
const CANARY: &str = "canary-c7vq2m";

/// The body that a client of Salesforce sends.
fn salesforce() -> Value {
    json!({
        "provider": "salesforce",
        "dsn": "https://mycompany.my.salesforce.com",
        "access_token": format!("{CANARY}-access"),
        "metadata": {
            "instance_url": "https://mycompany.my.salesforce.com",
            "api_version": "v58.0",
            "refresh_token": format!("{CANARY}-refresh"),
            "note": { "deep": [format!("{CANARY}-note"), 7] },
        },
    })
}

/// The body that a client of HubSpot sends.
fn hubspot() -> Value {
    json!({ "provider": "hubspot", "dsn": "https://api.hubapi.com", "access_token": "pat-na1-EXAMPLE" })
}

/// A program with all scopes.
fn robot(server: &Server) -> Client {
    server.client(Character::service_of(
        "acme",
        "credentials:read credentials:write secrets:read refresh_tokens:read",
    ))
}

/// Stores a credential and returns its path.
async fn store(client: &Client, body: Value) -> String {
    let reply = client.post(LIST, body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    format!("{LIST}{}", reply.json()["id"].as_str().unwrap())
}

async fn put(client: &Client, path: &str, body: Value) -> Reply {
    client.send(Method::PUT, path, Some(body), &[]).await
}

/// The status and the message of a refusal. Its body has nothing else.
fn detail(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    let sentence = body["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(body, json!({ "detail": sentence }));
    (reply.status, sentence)
}

/// The four fields that a client sends, out of an object.
fn sent_fields(object: &Value) -> Value {
    let field = |name: &str| (name.to_owned(), object[name].clone());
    ["provider", "dsn", "access_token", "metadata"]
        .map(field)
        .into_iter()
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The credential ids of the organisation's `secret.read` events, newest first.
async fn reads(server: &Server) -> Vec<String> {
    let admin = server.client(Character::admin_of("acme"));
    let trail = admin.get("/integrations/audit?action=secret.read&limit=500").await.json();
    let items = trail["items"].as_array().unwrap();
    items.iter().map(|event| event["credential_id"].as_str().unwrap().to_owned()).collect()
}
