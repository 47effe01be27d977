//! A client of one server that acts as one character.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::Character;

/// Sends requests as one character.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    character: Character,
}

/// An answer that was read completely.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, character: Character) -> Self {
        // The server may close an idle connection at the moment it is used again, so idle ones are closed
        // early.
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        Self { http, base: format!("http://{address}"), character }
    }

    /// This client, acting as another character.
    pub(crate) fn speaking_for(self, character: Character) -> Self {
        Self { character, ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None, &[]).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some((name, value)) = self.character.header() {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.expect("a whole answer") }
    }

    /// Sends a request to a server that may have ended. Returns `None` when no complete answer came.
    pub(crate) async fn try_send(&self, method: Method, path: &str, body: Option<Value>) -> Option<Reply> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some((name, value)) = self.character.header() {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Reply { status, headers, text: response.text().await.ok()? })
    }

    /// Stores an SFTP credential and returns its id.
    pub(crate) async fn store_sftp(&self, password: &str) -> String {
        let reply = self.post("/integrations/credentials", sftp(password)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    /// Makes a service account with these scopes and returns a character with its key.
    pub(crate) async fn hire(&self, scopes: &[&str]) -> Character {
        self.hire_within(scopes, json!({})).await
    }

    /// Makes a service account with limits: an object with `providers` or `credential_ids`.
    pub(crate) async fn hire_within(&self, scopes: &[&str], limits: Value) -> Character {
        let mut account = json!({ "name": "robot", "scopes": scopes });
        account.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let account = self.post("/service-accounts", account).await;
        assert_eq!(account.status, 201, "{}", account.text);
        let id = account.json()["id"].as_str().unwrap().to_owned();
        let key = self.post(&format!("/service-accounts/{id}/api-keys"), json!({ "name": "key" })).await;
        assert_eq!(key.status, 201, "{}", key.text);
        Character::Key(key.json()["token"].as_str().unwrap().to_owned())
    }
}

/// The body that stores an SFTP credential.
pub(crate) fn sftp(password: &str) -> Value {
    json!({
        "provider": "sftp",
        "credential_type": "user_password",
        "credentials": { "host": "files.example.com", "port": 22, "username": "etl", "password": password },
    })
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// A header as text. It is empty when the header is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, headers and body in one text, for searching.
    pub(crate) fn everything(&self) -> String {
        format!("{} {:?} {}", self.status, self.headers, self.text)
    }
}

/// Sends exactly these bytes and returns what comes back until the server closes or 10 seconds have passed.
#[expect(clippy::disallowed_methods, reason = "requests that no HTTP library would send")]
pub(crate) fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // A server may refuse and close before it has read everything.
    stream.write_all(request).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}
