//! The callers: an anonymous client, a person of an organisation, or a program.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

/// The secret of the local issuer of every test server.
pub(crate) const JWT_SECRET: &str = "Zr8vQ1nT5kLw0yXc3hJd7mBf9sGp2uAe4iRo6tYq";

/// A caller.
#[derive(Debug, Clone)]
pub(crate) enum Character {
    Anonymous,
    /// Authenticates with a token.
    Bearer(String),
    /// Authenticates with an API key.
    Key(String),
}

impl Character {
    pub(crate) fn admin_of(org: &str) -> Self {
        Self::user(org, "alice", &["admin"])
    }

    pub(crate) fn member_of(org: &str) -> Self {
        Self::user(org, "mallory", &["member"])
    }

    /// A person whose token grants no role.
    pub(crate) fn guest_of(org: &str) -> Self {
        Self::user(org, "guest", &[])
    }

    pub(crate) fn user(org: &str, user: &str, roles: &[&str]) -> Self {
        Self::Bearer(token(&json!({ "sub": user, "org_id": org, "roles": roles })))
    }

    /// A program whose scopes are in a token of the local issuer.
    pub(crate) fn service_of(org: &str, scopes: &str) -> Self {
        Self::Bearer(token(&json!({
            "sub": "robot", "org_id": org, "principal_type": "service", "scope": scopes
        })))
    }

    /// The header with which it authenticates.
    pub(crate) fn header(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Anonymous => None,
            Self::Bearer(token) => Some(("authorization", format!("Bearer {token}"))),
            Self::Key(key) => Some(("x-api-key", key.clone())),
        }
    }
}

/// A token of the local issuer with these claims, valid for an hour.
fn token(claims: &Value) -> String {
    let mut claims = claims.clone();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (name, value) in
        [("iss", json!("strongroom")), ("aud", json!("strongroom")), ("exp", json!(now + 3600))]
    {
        claims[name] = value;
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, JWT_SECRET.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}
