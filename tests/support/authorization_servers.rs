//! Third-party authorization servers, and the browser of a user there. The servers are Node programs in
//! tests/oauth-servers; `npm ci --prefix tests/oauth-servers` fetches their dependencies.

mod browser;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::World;

pub(crate) use browser::{Browser, parameter};

/// How long a server may take to start. Node itself hangs about once in some thousand starts, before the
/// program says anything; another process is started then.
const START: Duration = Duration::from_secs(30);
const STARTS: usize = 3;

/// The provider that uses such a server, unless another id is given.
pub(crate) const PROVIDER: &str = "acme_id";
/// The client id and secret of the vault at the servers. Both have characters that must be encoded in a
/// header and in a form.
pub(crate) const CLIENT_ID: &str = "strongroom:tests";
pub(crate) const CLIENT_SECRET: &str = "app-s%cr+t: with/all=signs";

/// oidc-provider. PKCE is required, refresh tokens rotate, and the second use of one ends its whole grant.
/// Codes come with `iss`.
pub(crate) struct OidcServer(NodeServer);

/// oauth2-mock-server. Refresh tokens do not rotate, there is no `iss`, and answers can be rewritten.
pub(crate) struct MockServer(NodeServer);

impl OidcServer {
    /// Starts a server that expects the client secret in the header.
    pub(crate) fn start(token_lifetime: Duration) -> Self {
        Self(NodeServer::start("oidc.mjs", token_lifetime))
    }
}

impl MockServer {
    pub(crate) fn start(token_lifetime: Duration) -> Self {
        Self(NodeServer::start("mock.mjs", token_lifetime))
    }

    /// Rewrites the next answers of the token endpoint: members of `body` replace those of the answer, and a
    /// member that is null is removed.
    pub(crate) async fn patch_next(&self, status: u16, body: Value, times: usize) {
        self.command("patch_next", json!({ "status": status, "body": body, "times": times })).await;
    }
}

impl Deref for OidcServer {
    type Target = NodeServer;

    fn deref(&self) -> &NodeServer {
        &self.0
    }
}

impl Deref for MockServer {
    type Target = NodeServer;

    fn deref(&self) -> &NodeServer {
        &self.0
    }
}

/// A fault in the answer of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The answer is 503, and the request is not served.
    Unavailable,
    /// The answer is 429 with `Retry-After` in seconds, and the request is not served.
    TooManyRequests(u64),
    /// The answer is 200 with an HTML page, and the request is not served.
    Html,
    /// The request is served after this time.
    Delay(Duration),
    /// The request is served, but half of the answer is missing.
    Truncated,
    /// The request is served, but the connection is closed without an answer.
    HangUp,
}

impl Fault {
    fn command(self, times: usize) -> Value {
        match self {
            Self::Unavailable => json!({ "kind": "unavailable", "times": times }),
            Self::TooManyRequests(after) => {
                json!({ "kind": "too_many_requests", "retry_after": after, "times": times })
            }
            Self::Html => json!({ "kind": "html", "times": times }),
            Self::Delay(wait) => {
                let wait = u64::try_from(wait.as_millis()).unwrap();
                json!({ "kind": "delay", "ms": wait, "times": times })
            }
            Self::Truncated => json!({ "kind": "truncated", "times": times }),
            Self::HangUp => json!({ "kind": "hang_up", "times": times }),
        }
    }
}

/// The requests to a server so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Token requests by grant type, with those whose answer had a fault.
    pub(crate) token: BTreeMap<String, u64>,
    pub(crate) authorize: u64,
    pub(crate) userinfo: u64,
    pub(crate) revoke: u64,
    /// Token requests whose answer had a fault.
    pub(crate) spoiled: u64,
    /// Refresh tokens that were used again after they were replaced. The mock server never has any.
    pub(crate) reuses: u64,
    /// Grants that were ended by a second use, by a revocation, or by [`NodeServer::revoke_grants`].
    pub(crate) revoked_grants: u64,
}

impl Counts {
    pub(crate) fn token_requests(&self, grant_type: &str) -> u64 {
        self.token.get(grant_type).copied().unwrap_or_default()
    }
}

/// A running Node program. It ends when it is dropped.
pub(crate) struct NodeServer {
    child: Child,
    issuer: String,
    control: String,
    announces_issuer: bool,
    http: reqwest::Client,
    overlay: TempDir,
}

impl NodeServer {
    fn start(script: &str, token_lifetime: Duration) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oauth-servers");
        assert!(folder.join("node_modules").exists(), "run `npm ci --prefix tests/oauth-servers` first");
        let (child, line) =
            (0..STARTS).find_map(|_| Self::launch(script, &folder, token_lifetime)).unwrap_or_else(|| {
                panic!("{script} does not say where it listens");
            });
        let said: Value = serde_json::from_str(&line).expect("a line that says where it listens");
        let address = |name: &str| said[name].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self {
            child,
            issuer: address("issuer"),
            control: address("control"),
            announces_issuer: script == "oidc.mjs",
            http,
            overlay: tempfile::tempdir().unwrap(),
        }
    }

    /// Starts the program. Returns it with its first line, or nothing when it does not say any in time.
    fn launch(script: &str, folder: &Path, token_lifetime: Duration) -> Option<(Child, String)> {
        let mut child = Command::new("node")
            .arg(script)
            .current_dir(folder)
            .env_remove("NODE_OPTIONS")
            .env("NODE_NO_WARNINGS", "1")
            .env("CLIENT_ID", CLIENT_ID)
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .env("TOKEN_LIFETIME", token_lifetime.as_secs().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (lines, first) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line)))
        });
        if let Ok(line) = first.recv_timeout(START) {
            return Some((child, line));
        }
        child.kill().ok();
        child.wait().ok();
        None
    }

    /// The issuer, which is also the address: `http://127.0.0.1:<port>`.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) async fn counts(&self) -> Counts {
        let said = self.command("counts", json!({})).await;
        let number = |name: &str| said[name].as_u64().unwrap();
        let token = said["token"].as_object().unwrap().iter();
        Counts {
            token: token.map(|(grant, count)| (grant.clone(), count.as_u64().unwrap())).collect(),
            authorize: number("authorize"),
            userinfo: number("userinfo"),
            revoke: number("revoke"),
            spoiled: number("spoiled"),
            reuses: number("reuses"),
            revoked_grants: number("revoked_grants"),
        }
    }

    /// Makes the next `times` answers of the token endpoint have this fault. It replaces an earlier setting;
    /// 0 removes all faults.
    pub(crate) async fn fail_next(&self, fault: Fault, times: usize) {
        self.command("fail_next", fault.command(times)).await;
    }

    /// Ends all access tokens early; refresh tokens stay valid.
    pub(crate) async fn expire_access_tokens(&self) {
        self.command("expire_access_tokens", json!({})).await;
    }

    /// Ends all grants, as users can do in the settings of their accounts.
    pub(crate) async fn revoke_grants(&self) {
        self.command("revoke_grants", json!({})).await;
    }

    /// Sets up a world whose catalog has this server as [`PROVIDER`], and whose settings have the app.
    pub(crate) fn set(&self, world: World) -> World {
        self.write_provider(self.overlay.path(), PROVIDER);
        with_app(world, PROVIDER)
            .with("STRONGROOM_CATALOG__DIR", &self.overlay.path().display().to_string())
            .with("STRONGROOM_EGRESS__PLAIN_HTTP", "true")
            .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "http=127.0.0.0/8,oauth=127.0.0.0/8")
            .with("STRONGROOM_LIMITS__ENABLED", "false")
    }

    /// Writes the provider file of this server into an overlay folder. Needs the settings of [`with_app`].
    pub(crate) fn write_provider(&self, folder: &Path, id: &str) {
        let mut oauth = toml::toml! {
            scopes = ["openid", "email"]
            account = "/sub"
            account_name = "/email"
            doubtful_errors = ["access_denied"]
        };
        let endpoints = ["authorize", "token", "revoke"].map(|name| (name, name));
        for (name, path) in endpoints.into_iter().chain([("account", "userinfo")]) {
            oauth.insert(format!("{name}_url"), format!("{}/{path}", self.issuer).into());
        }
        if self.announces_issuer {
            oauth.insert("issuer".to_owned(), self.issuer.clone().into());
        }
        let mut grant = toml::Table::new();
        grant.insert("token_url".to_owned(), format!("{}/token", self.issuer).into());
        oauth.insert("client_credentials".to_owned(), grant.into());
        let mut file: toml::Table = toml::from_str(PROVIDER_FILE).unwrap();
        file.insert("id".to_owned(), id.into());
        file.insert("oauth".to_owned(), oauth.into());
        file["test"]["step"][0]["url"] = format!("{}/userinfo", self.issuer).into();
        std::fs::write(folder.join(format!("{id}.toml")), toml::to_string(&file).unwrap()).unwrap();
    }

    async fn command(&self, name: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}/{name}", self.control)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{name}: {}", answer.status());
        answer.json().await.unwrap()
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // The program ends by itself at this point; this is for one that hangs.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A world whose settings have the app of a provider.
pub(crate) fn with_app(world: World, id: &str) -> World {
    let app = id.to_uppercase();
    world
        .with(&format!("STRONGROOM_OAUTH__APPS__{app}__CLIENT_ID"), CLIENT_ID)
        .with(&format!("STRONGROOM_OAUTH__APPS__{app}__CLIENT_SECRET"), CLIENT_SECRET)
}

/// The provider file, without its id and the addresses of the server.
const PROVIDER_FILE: &str = r#"
schema = 1
id = "…"
display_name = "Acme ID"
description = "An authorization server for tests."
category = "identity"

[[field]]
name = "access_token"
label = "Access token"
type = "text"
secret = true
pattern = '[!-~]+'
example = "acme_access_token_EXAMPLE"

[[field]]
name = "refresh_token"
label = "Refresh token"
type = "text"
secret = true
pattern = '[!-~]+'
example = "acme_refresh_token_EXAMPLE"
types = ["oauth2"]

[[field]]
name = "expires_at"
label = "End of the access token"
type = "timestamp"
example = "2030-01-31T12:00:00Z"

[[field]]
name = "scope"
label = "Granted scopes"
type = "text"
example = "openid email"
types = ["oauth2"]

[[field]]
name = "token_type"
label = "Token type"
type = "text"
example = "Bearer"
types = ["oauth2"]

[[field]]
name = "client_id"
label = "Client id"
type = "text"
example = "exampleclientid"
types = ["client_credentials"]

[[field]]
name = "client_secret"
label = "Client secret"
type = "text"
secret = true
example = "client_secret_EXAMPLE"
types = ["client_credentials"]

[types.oauth2]
required = ["access_token"]

[types.client_credentials]
required = ["client_id", "client_secret"]

[[test.step]]
types = ["oauth2"]
url = "…"
headers = { Authorization = "Bearer {access_token}", Accept = "application/json" }
outcomes = [
    { status = [200], json = [{ pointer = "/sub", present = true }], code = "ok" },
    { status = [401], code = "auth_rejected" },
]
facts = { account = "/email" }

[dialects.primary]
"#;

#[cfg(test)]
mod tests;
