//! Tests of OAuth from outside: flows, refreshes and failures, against third-party authorization servers.

mod apps;
mod attacks;
mod connecting;
mod crash;
mod faults;
mod flows;
mod neighbours;
mod pages;
mod refreshing;
mod storm;

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::support::authorization_servers::{Browser, NodeServer, PROVIDER, parameter};
use crate::support::{Character, Client, Reply, Server, World};

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// A user's browser at Strongroom. It does not follow redirects.
fn person() -> reqwest::Client {
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none());
    http.timeout(Duration::from_secs(30)).build().unwrap()
}

async fn read(answer: reqwest::Response) -> Reply {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Reply { status, headers, text: answer.text().await.unwrap() }
}

/// Sends a callback to Strongroom.
pub(crate) async fn visit(url: &Url) -> Reply {
    read(person().get(url.clone()).send().await.unwrap()).await
}

/// Returns the URL to which an answer redirects the browser.
pub(crate) fn location(reply: &Reply) -> Url {
    assert_eq!(reply.status, 303, "{}", reply.text);
    Url::parse(reply.headers.get(LOCATION).unwrap().to_str().unwrap()).unwrap()
}

/// The form of the page that asks for confirmation.
pub(crate) struct Form {
    pub(crate) action: Url,
    pub(crate) state: String,
    pub(crate) token: String,
}

impl Form {
    pub(crate) fn of(page: &Reply) -> Self {
        assert_eq!(page.status, 200, "{}", page.text);
        let between = |before: &str| {
            let from = page.text.split_once(before).unwrap_or_else(|| panic!("no {before} on the page")).1;
            from.split_once('"').unwrap().0.to_owned()
        };
        Self {
            action: Url::parse(&between("action=\"")).unwrap(),
            state: between("name=\"state\" value=\""),
            token: between("name=\"token\" value=\""),
        }
    }

    /// Presses a button of the page, as a browser does.
    async fn press(&self, answer: &str) -> Reply {
        self.press_from(Some(&self.action.origin().ascii_serialization()), answer).await
    }

    pub(crate) async fn press_from(&self, origin: Option<&str>, answer: &str) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("state", self.state.as_str()), ("token", &self.token), ("answer", answer)])
            .finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        read(person().post(self.action.clone()).headers(headers).body(body).send().await.unwrap()).await
    }
}

/// Begins a flow, which must succeed.
pub(crate) async fn begin(client: &Client, query: &str) -> Value {
    let reply = client.get(&format!("/integrations/{PROVIDER}/authorize?{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

pub(crate) fn url_of(begun: &Value) -> &str {
    begun["authorization_url"].as_str().unwrap()
}

/// Goes through a whole flow in which the user confirms. Returns the credential's id.
async fn granted(client: &Client) -> String {
    granted_by(client, PROVIDER).await
}

/// Goes through a whole flow at this provider. Returns the credential's id.
async fn granted_by(client: &Client, provider: &str) -> String {
    let begun = client.get(&format!("/integrations/{provider}/authorize")).await.json();
    let back = Browser::default().follow(url_of(&begun)).await;
    let done = Form::of(&visit(&back).await).press("connect").await;
    assert_eq!(done.status, 200, "{}", done.text);
    let listed = client.get(&format!("/integrations/credentials?provider={provider}")).await.json();
    listed[0]["id"].as_str().unwrap().to_owned()
}

/// Sets the end of every access token to the past, in the database.
fn expire(world: &World) {
    world.sql(&format!("UPDATE credentials SET access_token_expires_at = {}", world.time(-1_000_000)));
}

/// Sets the end of every access token to this many seconds from now, as if each had been granted for 2,000
/// seconds, of which a reader gets 400 at least.
fn ends_in(world: &World, seconds: i64) {
    let (begin, end) = (world.time(seconds - 2_000), world.time(seconds));
    let change = format!("refreshed_at = NULL, created_at = {begin}, access_token_expires_at = {end}");
    world.sql(&format!("UPDATE credentials SET {change}"));
}

fn admin(server: &Server) -> Client {
    server.client(Character::admin_of("acme"))
}

fn robot(server: &Server) -> Client {
    server.client(Character::service_of(
        "acme",
        "credentials:read credentials:write secrets:read refresh_tokens:read",
    ))
}

fn secrets(id: &str) -> String {
    format!("/integrations/credentials/{id}/secrets")
}

/// Waits until something holds, for at most `limit`.
async fn until<F: AsyncFn() -> bool>(limit: Duration, what: &str, holds: F) {
    let deadline = Instant::now() + limit;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn refreshes(server: &NodeServer) -> u64 {
    server.counts().await.token_requests("refresh_token")
}
