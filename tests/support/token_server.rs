//! A token endpoint on loopback that behaves by the refresh token, the code or the client secret that it
//! gets, and a provider of many tenants that uses it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use url::form_urlencoded;

use super::World;
use super::authorization_servers::with_app;
use super::listener::Listener;

/// The provider whose tenants have hosts of their own, at `<tenant>.tenants.test`.
pub(crate) const TENANTS: &str = "tenants";

/// A running server. A secret that begins with `poison` gets 500, one with `wrong` gets 400, one with
/// `silent` gets no answer, and one with `slow` gets a token after four seconds; any other gets a token.
pub(crate) struct TokenServer {
    listener: Listener,
    asked: Arc<Mutex<Vec<String>>>,
    overlay: TempDir,
}

impl TokenServer {
    /// Starts a server whose tokens live for so many seconds.
    pub(crate) fn start(lifetime: u32) -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heard = asked.clone();
        let listener = Listener::start("127.0.0.1:0", move |stream| serve(stream, lifetime, &heard));
        Self { listener, asked, overlay: tempfile::tempdir().unwrap() }
    }

    /// How many secrets that begin like this were sent.
    pub(crate) fn asked(&self, prefix: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|secret| secret.starts_with(prefix)).count()
    }

    /// Sets up a world whose catalog has [`TENANTS`], with its hosts resolved by this name server.
    pub(crate) fn set(&self, world: World, names: &str) -> World {
        let port = self.listener.port();
        let file = PROVIDER.replace("PORT", &port.to_string());
        std::fs::write(self.overlay.path().join(format!("{TENANTS}.toml")), file).unwrap();
        with_app(world, TENANTS)
            .with("STRONGROOM_CATALOG__DIR", &path(self.overlay.path()))
            .with("STRONGROOM_EGRESS__DNS", names)
            .with("STRONGROOM_EGRESS__PLAIN_HTTP", "true")
            .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "oauth=127.0.0.0/8")
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn serve(mut stream: TcpStream, lifetime: u32, asked: &Mutex<Vec<String>>) {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let Some(form) = read_form(&mut stream) else { return };
    let secret = ["refresh_token", "code"].iter().find_map(|name| form.get(*name)).cloned();
    let Some(secret) = secret.or_else(|| form.get("client_secret").cloned()) else { return };
    asked.lock().unwrap().push(secret.clone());
    let (status, body) = if secret.starts_with("poison") {
        ("500 Internal Server Error", r#"{"error":"server_error"}"#.to_owned())
    } else if secret.starts_with("wrong") {
        ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned())
    } else if secret.starts_with("silent") {
        // Until the other side gives up.
        stream.read_to_end(&mut Vec::new()).ok();
        return;
    } else {
        if secret.starts_with("slow") {
            std::thread::sleep(Duration::from_secs(4));
        }
        let token =
            format!(r#"{{"access_token":"of-{secret}","token_type":"Bearer","expires_in":{lifetime}}}"#);
        ("200 OK", token)
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok();
}

/// Reads a request and returns its form.
fn read_form(stream: &mut TcpStream) -> Option<BTreeMap<String, String>> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(form_urlencoded::parse(body.as_bytes()).into_owned().collect());
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(length) => read.extend_from_slice(&buffer[..length]),
        }
    }
}

const PROVIDER: &str = r#"
schema = 1
id = "tenants"
display_name = "Tenants"
description = "Authorization servers of many tenants, for tests."
category = "identity"

[[field]]
name = "access_token"
label = "Access token"
type = "text"
secret = true
example = "tenants_access_token_EXAMPLE"

[[field]]
name = "refresh_token"
label = "Refresh token"
type = "text"
secret = true
example = "tenants_refresh_token_EXAMPLE"

[[field]]
name = "expires_at"
label = "End of the access token"
type = "timestamp"
example = "2030-01-31T12:00:00Z"

[[field]]
name = "token_type"
label = "Token type"
type = "text"
example = "Bearer"

[[field]]
name = "scope"
label = "Granted scopes"
type = "text"
example = "all"

[[field]]
name = "login_host"
label = "Login host"
type = "host"
destination = true
pattern = '[a-z0-9-]{1,63}\.tenants\.test'
example = "one.tenants.test"
default = "one.tenants.test"

[types.oauth2]
required = ["access_token"]

[oauth]
authorize_url = "http://{login_host}:PORT/authorize"
token_url = "http://{login_host}:PORT/token"
hosts = ["*.tenants.test"]
client_authentication = "body"

[dialects.primary]
"#;
