use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_authorization_server::{AuthorizationServer, TokenError, Tries};
use strongroom_declared_http::OauthRequests;
use strongroom_domain::TokenResponse;
use strongroom_egress::{Egress, EgressSettings};
use tokio::net::TcpSocket;

use super::provider::{adapter_at, client, loopback, oauth, refresh, refreshed, subject, transient};
use super::server::{Behaviour, Server, answer, answer_with};

/// The name of a result in the tables below.
fn kind(found: Result<TokenResponse, TokenError>) -> String {
    match found {
        Ok(_) => "token".to_owned(),
        Err(TokenError::Dead { code, is_certain: true }) => format!("dead {code}"),
        Err(TokenError::Dead { code, is_certain: false }) => format!("doubtful {code}"),
        Err(TokenError::App { code }) => format!("app {code}"),
        Err(TokenError::Unbuildable(_)) => "unbuildable".to_owned(),
        Err(TokenError::Limited { .. }) => "limited".to_owned(),
        Err(TokenError::Transient { may_have_been_served: true, .. }) => {
            "transient, perhaps served".to_owned()
        }
        Err(TokenError::Transient { may_have_been_served: false, .. }) => "transient".to_owned(),
    }
}

async fn of(status: &str, body: &str, change: impl FnOnce(&mut OauthRequests)) -> String {
    let server = Server::behaving(answer(status, body)).await;
    kind(refreshed(&server, change).await)
}

#[tokio::test]
async fn words_that_are_known_decide_over_the_grant_whatever_the_status() {
    let dead = [
        "invalid_grant",
        "bad_refresh_token",
        "invalid_refresh_token",
        "invalid_code",
        "bad_verification_code",
        "token_revoked",
    ];
    let app = [
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "incorrect_client_credentials",
        "invalid_client_secret",
        "bad_client_secret",
        "invalid_client_id",
    ];
    for status in ["200 OK", "400 Bad Request", "401 Unauthorized", "403 Forbidden"] {
        for (words, kind) in [(&dead[..], "dead"), (&app[..], "app")] {
            for word in words {
                let body = format!(r#"{{"error":"{word}","error_description":"secret prose"}}"#);
                assert_eq!(of(status, &body, |_| {}).await, format!("{kind} {word}"), "{status}");
            }
        }
    }
}

#[tokio::test]
async fn vendors_say_it_in_their_own_places() {
    let rows = [
        ("400 Bad", r#"{"status":"BAD_REFRESH_TOKEN","message":"x"}"#, "dead BAD_REFRESH_TOKEN"),
        ("400 Bad", r#"{"status":"EXPIRED_AUTH_CODE"}"#, "dead EXPIRED_AUTH_CODE"),
        ("200 OK", r#"{"ok":false,"error":"invalid_refresh_token"}"#, "dead invalid_refresh_token"),
        ("200 OK", r#"{"status":"BAD_REFRESH_TOKEN"}"#, "dead BAD_REFRESH_TOKEN"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[700082]}"#, "dead AADSTS700082"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[1,70008]}"#, "dead AADSTS70008"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[70043]}"#, "dead AADSTS70043"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[50173]}"#, "dead AADSTS50173"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[65001]}"#, "dead AADSTS65001"),
        ("400 Bad", r#"{"error":"interaction_required","error_codes":[50076]}"#, "dead AADSTS50076"),
        ("400 Bad", r#"{"error":"interaction_required","error_codes":[50079]}"#, "dead AADSTS50079"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[53003]}"#, "dead invalid_grant"),
        ("401 No", r#"{"error":"invalid_client","error_codes":[7000215]}"#, "app AADSTS7000215"),
        ("401 No", r#"{"error":"invalid_client","error_codes":[7000222]}"#, "app AADSTS7000222"),
        ("400 Bad", r#"{"error":"unauthorized_client","error_codes":[700016]}"#, "app AADSTS700016"),
        ("400 Bad", r#"{"error":"invalid_request","error_codes":[90002]}"#, "app AADSTS90002"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[7000215]}"#, "app AADSTS7000215"),
        // A number alone, or beside another code, leaves doubt.
        ("400 Bad", r#"{"error":"interaction_required"}"#, "transient"),
        ("400 Bad", r#"{"error":"invalid_request","error_codes":[70008]}"#, "transient"),
        ("400 Bad", r#"{"error":"interaction_required","error_codes":["50076"]}"#, "transient"),
    ];
    for (status, body, expected) in rows {
        assert_eq!(of(status, body, |_| {}).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn in_doubt_the_grant_lives() {
    let html = "<html>invalid_grant</html>";
    let grant = r#"{"error":"invalid_grant"}"#;
    let rows = [
        ("500 Broken", grant, "transient"),
        ("503 Away", r#"{"error":"temporarily_unavailable"}"#, "transient"),
        ("500 Broken", r#"{"error":"server_error"}"#, "transient"),
        ("500 Broken", r#"{"error":"Internal Server Error"}"#, "transient, perhaps served"),
        ("502 Gateway", html, "transient, perhaps served"),
        ("504 Gateway", "", "transient, perhaps served"),
        ("429 Slow", grant, "transient"),
        ("429 Slow", html, "transient"),
        ("302 Found", grant, "transient, perhaps served"),
        ("200 OK", html, "transient, perhaps served"),
        ("200 OK", "{\"access_token\":\"x", "transient, perhaps served"),
        ("200 OK", r#"{"error":"odd"}"#, "transient"),
        ("200 OK", r#"{"ok":false}"#, "transient"),
        ("204 None", "", "transient, perhaps served"),
        ("400 Bad", r#"{"error":"temporarily_unavailable"}"#, "transient"),
        ("400 Bad", r#"{"error":"server_error"}"#, "transient"),
        ("400 Bad", r#"{"error":"invalid_request"}"#, "transient"),
        ("400 Bad", r#"{"error":"INVALID_GRANT"}"#, "transient"),
        ("400 Bad", r#"{"error":" invalid_grant"}"#, "transient"),
        ("400 Bad", r#"{"error":["invalid_grant"]}"#, "transient"),
        ("400 Bad", r#"{"error_description":"invalid_grant"}"#, "transient"),
        ("400 Bad", r#"{"error":"x","error":"invalid_grant"}"#, "transient"),
        ("400 Bad", html, "transient"),
        ("400 Bad", "error=invalid_grant", "transient"),
        ("400 Bad", "[\"invalid_grant\"]", "transient"),
        ("401 No", r#"{"error":"server_error","error_description":"access_denied"}"#, "transient"),
        ("403 No", r#"{"error":"access_denied"}"#, "transient"),
        ("404 No", "", "transient"),
        ("400 Bad", r#"{"status":400,"category":"VALIDATION_ERROR"}"#, "transient"),
    ];
    for (status, body, expected) in rows {
        assert_eq!(of(status, body, |_| {}).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_provider_file_adds_its_words() {
    let dead =
        |word: &'static str| move |oauth: &mut OauthRequests| oauth.dead_errors = vec![word.to_owned()];
    let app = |word: &'static str| move |oauth: &mut OauthRequests| oauth.app_errors = vec![word.to_owned()];
    let denied = r#"{"error":"server_error","error_description":"access_denied"}"#;
    assert_eq!(of("401 No", denied, dead("access_denied")).await, "dead access_denied");
    assert_eq!(of("500 Broken", denied, dead("access_denied")).await, "transient");
    let doubtful = |oauth: &mut OauthRequests| oauth.doubtful_errors = vec!["access_denied".to_owned()];
    assert_eq!(of("401 No", denied, doubtful).await, "doubtful access_denied");
    assert_eq!(of("403 No", r#"{"error":"access_denied"}"#, app("access_denied")).await, "app access_denied");
    for body in [
        r#"{"code":4735}"#,
        r#"{"errorCode":"4735"}"#,
        r#"{"error":{"code":4735,"message":"x"}}"#,
        r#"{"error_code":"4735"}"#,
        r#"{"reason":"4735"}"#,
        r#"{"status":"4735"}"#,
    ] {
        assert_eq!(of("400 Bad", body, dead("4735")).await, "dead 4735", "{body}");
    }
    // The list of the provider file comes before the built-in ones.
    assert_eq!(
        of("400 Bad", r#"{"error":"invalid_grant"}"#, app("invalid_grant")).await,
        "app invalid_grant"
    );
}

#[tokio::test]
async fn nothing_that_a_server_says_is_repeated_but_words_that_are_known() {
    let canary = "canary-7f3a";
    let bodies = [
        format!(r#"{{"error":"{canary}"}}"#),
        format!(r#"{{"error":"invalid_grant","error_description":"{canary}"}}"#),
        format!(r#"{{"error":"invalid_client","error_uri":"{canary}"}}"#),
        format!(r#"{{"access_token":"{canary}","token_type":"{canary}"}}"#),
        format!("<html>{canary}</html>"),
    ];
    for status in ["200 OK", "302 Found", "400 canary-7f3a", "500 Broken"] {
        for body in &bodies {
            let headers = format!("location: http://127.0.0.1:1/{canary}\r\nretry-after: {canary}\r\n");
            let server = Server::behaving(answer_with(status, &headers, body)).await;
            let error = refreshed(&server, |_| {}).await.unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(canary), "{status} {body}: {shown}");
            assert!(!shown.contains("old-refresh-token") && !shown.contains("app-secret"), "{status} {body}");
        }
    }
}

#[tokio::test]
async fn a_server_may_say_when_to_ask_again() {
    let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let rows = [
        ("retry-after: 7\r\n", Some(7)),
        ("retry-after: 0\r\n", Some(0)),
        ("retry-after: 99999999\r\n", Some(3_600)),
        ("retry-after: 99999999999999999999999\r\n", Some(3_600)),
        ("retry-after: Sun, 06 Nov 1994 08:51:37 GMT\r\n", Some(120)),
        ("retry-after: Mon, 07 Nov 1994 08:51:37 GMT\r\n", Some(3_600)),
        ("retry-after: Sun, 06 Nov 1994 08:48:37 GMT\r\n", None),
        ("retry-after: -7\r\n", None),
        ("retry-after: soon\r\n", None),
        ("retry-after: \r\n", None),
        ("", None),
    ];
    for status in ["429 Slow", "503 Away"] {
        for (header, expected) in rows {
            let server = Server::behaving(answer_with(status, &format!("{date}{header}"), "")).await;
            match refreshed(&server, |_| {}).await.unwrap_err() {
                TokenError::Transient { retry_after, .. } => {
                    assert_eq!(retry_after, expected.map(Duration::from_secs), "{status} {header:?}");
                }
                other => panic!("{other}"),
            }
        }
    }
}

#[tokio::test]
async fn each_exchange_is_one_request() {
    for body in ["", r#"{"error":"temporarily_unavailable"}"#, r#"{"error":"invalid_grant"}"#] {
        for status in ["200 OK", "400 Bad", "429 Slow", "503 Away"] {
            let server = Server::behaving(answer(status, body)).await;
            let found = refreshed(&server, |_| {}).await;
            assert!(found.is_err());
            assert_eq!(server.received().len(), 1, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_reached_has_not_been_served() {
    let server = Server::behaving(Behaviour::HangUp).await;
    assert_eq!(transient(refreshed(&server, |_| {}).await), Some(true), "it took the connection");
    // The address is closed, or the policy refuses it.
    let unheard = TcpSocket::new_v4().unwrap();
    unheard.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = unheard.local_addr().unwrap().port();
    for egress in [loopback(), Egress::new(&EgressSettings::default()).unwrap()] {
        let found = adapter_at(egress, oauth(closed)).token(&subject(), &client(), refresh(), None).await;
        assert_eq!(transient(found), Some(false));
    }
}

/// A budget that records what is tried, and allows so many.
struct Counting(Mutex<Vec<String>>, usize);

#[async_trait]
impl Tries for Counting {
    async fn take(&self, destination: &str) -> Result<(), TokenError> {
        let mut tried = self.0.lock().unwrap();
        tried.push(destination.to_owned());
        if tried.len() > self.1 {
            return Err(TokenError::Limited { retry_after: Duration::from_secs(7) });
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_counted_call_takes_the_name_and_the_address_and_sends_nothing_beyond_the_budget() {
    let server = Server::behaving(answer("200 OK", r#"{"access_token":"a","token_type":"Bearer"}"#)).await;
    let of = async |tries: Arc<Counting>| {
        let requests = oauth(server.port);
        adapter_at(loopback(), requests).token(&subject(), &client(), refresh(), Some(tries)).await
    };
    let enough = Arc::new(Counting(Mutex::default(), 10));
    assert_eq!(kind(of(enough.clone()).await), "token");
    let tried = enough.0.lock().unwrap().clone();
    assert_eq!(tried, [format!("127.0.0.1:{}", server.port)], "its name is its address here");
    let none = Arc::new(Counting(Mutex::default(), 0));
    let refused = of(none).await.unwrap_err();
    assert_eq!(refused, TokenError::Limited { retry_after: Duration::from_secs(7) });
}
