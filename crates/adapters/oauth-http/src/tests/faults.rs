use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_authorization_server::{AuthorizationServer, TokenError, Tries, Trouble};
use strongroom_declared_http::ErrorMeaning::{self, App, Dead, Doubtful, Passing, Throttled};
use strongroom_declared_http::{ErrorRule, OauthRequests};
use strongroom_domain::{Content, TokenResponse};
use strongroom_egress::{Answer, Egress, EgressSettings};
use tokio::net::TcpSocket;

use super::provider::{adapter_at, client, loopback, oauth, refresh, refreshed, secret, subject, transient};
use super::server::{Behaviour, Server, answer, answer_with};
use crate::sent::Sent;
use crate::{fault, pointer};

/// The name of a result in the tables below.
fn kind(found: Result<TokenResponse, TokenError>) -> String {
    match found {
        Ok(_) => "token".to_owned(),
        Err(error) => {
            let code = error.answer().and_then(|answer| answer.code.clone()).unwrap_or_default();
            let kind = match error {
                TokenError::Dead { is_certain: true, .. } => "dead",
                TokenError::Dead { is_certain: false, .. } => "doubtful",
                TokenError::App { .. } => "app",
                TokenError::Unbuildable(_) => "unbuildable",
                TokenError::Limited { .. } => "limited",
                TokenError::Transient { may_have_been_served: true, .. } => {
                    return "perhaps served".to_owned();
                }
                TokenError::Transient { trouble: Trouble::Throttled, .. } => "throttled",
                TokenError::Transient { trouble: Trouble::Passing, .. } => "passing",
                TokenError::Transient { trouble: Trouble::Unknown, .. } => "unknown",
                TokenError::Transient { .. } => return "transient".to_owned(),
            };
            format!("{kind} {code}").trim_end().to_owned()
        }
    }
}

async fn of(status: &str, body: &str, change: impl FnOnce(&mut OauthRequests)) -> String {
    let server = Server::behaving(answer(status, body)).await;
    kind(refreshed(&server, change).await)
}

#[tokio::test]
async fn words_that_are_known_decide_over_the_grant_whatever_the_status() {
    let doubtful = ["invalid_grant"];
    let dead = [
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
        for (words, kind) in [(&doubtful[..], "doubtful"), (&dead[..], "dead"), (&app[..], "app")] {
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
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[53003]}"#, "passing AADSTS53003"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[50196]}"#, "throttled AADSTS50196"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[90033]}"#, "passing AADSTS90033"),
        ("401 No", r#"{"error":"invalid_client","error_codes":[7000215]}"#, "app AADSTS7000215"),
        ("401 No", r#"{"error":"invalid_client","error_codes":[7000222]}"#, "app AADSTS7000222"),
        ("400 Bad", r#"{"error":"unauthorized_client","error_codes":[700016]}"#, "app AADSTS700016"),
        ("400 Bad", r#"{"error":"invalid_request","error_codes":[90002]}"#, "app AADSTS90002"),
        ("400 Bad", r#"{"error":"invalid_grant","error_codes":[7000215]}"#, "app AADSTS7000215"),
        // A number alone, or beside another code, leaves doubt.
        ("400 Bad", r#"{"error":"interaction_required"}"#, "unknown interaction_required"),
        ("400 Bad", r#"{"error":"invalid_request","error_codes":[70008]}"#, "unknown AADSTS70008"),
        (
            "400 Bad",
            r#"{"error":"interaction_required","error_codes":["50076"]}"#,
            "unknown interaction_required",
        ),
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
        ("500 Broken", r#"{"error":"Internal Server Error"}"#, "perhaps served"),
        ("502 Gateway", html, "perhaps served"),
        ("504 Gateway", "", "perhaps served"),
        ("429 Slow", grant, "throttled invalid_grant"),
        ("429 Slow", html, "throttled"),
        ("302 Found", grant, "perhaps served"),
        ("200 OK", html, "perhaps served"),
        ("200 OK", "{\"access_token\":\"x", "perhaps served"),
        ("200 OK", r#"{"error":"odd"}"#, "unknown odd"),
        ("200 OK", r#"{"ok":false}"#, "unknown"),
        ("204 None", "", "perhaps served"),
        ("400 Bad", r#"{"error":"temporarily_unavailable"}"#, "passing temporarily_unavailable"),
        ("400 Bad", r#"{"error":"server_error"}"#, "passing server_error"),
        ("400 Bad", r#"{"error":"invalid_request"}"#, "unknown invalid_request"),
        ("400 Bad", r#"{"error":"INVALID_GRANT"}"#, "unknown INVALID_GRANT"),
        ("400 Bad", r#"{"error":" invalid_grant"}"#, "unknown"),
        ("400 Bad", r#"{"error":["invalid_grant"]}"#, "unknown"),
        ("400 Bad", r#"{"error_description":"invalid_grant"}"#, "unknown invalid_grant"),
        ("400 Bad", r#"{"error":"x","error":"invalid_grant"}"#, "unknown"),
        ("400 Bad", html, "unknown"),
        ("400 Bad", "error=invalid_grant", "unknown"),
        ("400 Bad", "[\"invalid_grant\"]", "unknown"),
        ("401 No", r#"{"error":"server_error","error_description":"access_denied"}"#, "passing server_error"),
        ("403 No", r#"{"error":"access_denied"}"#, "unknown access_denied"),
        ("404 No", "", "unknown"),
        ("400 Bad", r#"{"status":400,"category":"VALIDATION_ERROR"}"#, "unknown 400"),
    ];
    for (status, body, expected) in rows {
        assert_eq!(of(status, body, |_| {}).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_provider_file_adds_its_words() {
    let rule = |meaning: ErrorMeaning, code: &str| ErrorRule {
        meaning,
        status: Vec::new(),
        code: vec![code.to_owned()],
        number: Vec::new(),
        text: Vec::new(),
    };
    let with = |rule: ErrorRule| move |oauth: &mut OauthRequests| oauth.errors = vec![rule];
    let word = |meaning, code: &str| with(rule(meaning, code));
    let denied = r#"{"error":"server_error","error_description":"access_denied"}"#;
    assert_eq!(of("401 No", denied, word(Dead, "access_denied")).await, "dead access_denied");
    assert_eq!(of("500 Broken", denied, word(Dead, "access_denied")).await, "transient");
    assert_eq!(of("401 No", denied, word(Doubtful, "access_denied")).await, "doubtful access_denied");
    let denied = r#"{"error":"access_denied"}"#;
    assert_eq!(of("403 No", denied, word(App, "access_denied")).await, "app access_denied");
    assert_eq!(of("403 No", denied, word(Throttled, "access_denied")).await, "throttled access_denied");
    for body in [
        r#"{"code":4735}"#,
        r#"{"errorCode":"4735"}"#,
        r#"{"error":{"code":4735,"message":"x"}}"#,
        r#"{"error_code":"4735"}"#,
        r#"{"reason":"4735"}"#,
        r#"{"status":"4735"}"#,
    ] {
        assert_eq!(of("400 Bad", body, word(Dead, "4735")).await, "dead 4735", "{body}");
        let number = ErrorRule { code: Vec::new(), number: vec![4735], ..rule(Passing, "") };
        assert!(of("400 Bad", body, with(number)).await.starts_with("passing"), "{body}");
    }
    let grant = r#"{"error":"invalid_grant"}"#;
    // The rules of the provider file come before the built-in ones.
    assert_eq!(of("400 Bad", grant, word(App, "invalid_grant")).await, "app invalid_grant");
    assert_eq!(of("400 Bad", grant, word(Dead, "invalid_grant")).await, "dead invalid_grant");
}

#[tokio::test]
async fn all_conditions_of_a_rule_must_hold_and_the_first_rule_decides() {
    let busy = ErrorRule {
        meaning: Passing,
        status: vec![400],
        code: vec!["invalid_grant".to_owned()],
        number: Vec::new(),
        text: vec!["already being processed".to_owned()],
    };
    let gone =
        ErrorRule { meaning: Dead, status: Vec::new(), text: vec!["is invalid".to_owned()], ..busy.clone() };
    let rules = [busy, gone];
    let rules = || rules.to_vec();
    let of = async |status: &str, body: &str| of(status, body, |oauth| oauth.errors = rules()).await;
    let body = |code: &str, text: &str| format!(r#"{{"error":"{code}","error_description":"{text}"}}"#);
    let rows = [
        (
            "400 Bad",
            body("invalid_grant", "token request is Already being processed"),
            "passing invalid_grant",
        ),
        ("400 Bad", body("invalid_grant", "the token is invalid"), "dead invalid_grant"),
        ("400 Bad", body("invalid_grant", "already being processed, or is invalid"), "passing invalid_grant"),
        ("403 No", body("invalid_grant", "already being processed"), "doubtful invalid_grant"),
        ("400 Bad", body("invalid_client", "already being processed"), "app invalid_client"),
        ("400 Bad", body("invalid_grant", "something else"), "doubtful invalid_grant"),
    ];
    for (status, body, expected) in rows {
        assert_eq!(of(status, &body).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn nothing_that_a_server_says_is_repeated_but_a_short_error_code() {
    let canary = "canary-7f3a";
    let bodies = [
        format!(r#"{{"error":"{canary} in a sentence"}}"#),
        format!(r#"{{"error":"{canary}-{canary}-{canary}-{canary}"}}"#),
        r#"{"error":"old-refresh-token"}"#.to_owned(),
        r#"{"error":"app-secret"}"#.to_owned(),
        r#"{"error":"not_app-secret"}"#.to_owned(),
        r#"{"error":"terces-ppa"}"#.to_owned(),
        r#"{"error":"app-sec"}"#.to_owned(),
        r#"{"error":"bad_OLD-REFRESH-TO"}"#.to_owned(),
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
            for secret in ["old-refresh-to", "app-sec", "terces-ppa"] {
                assert!(!shown.to_lowercase().contains(secret), "{status} {body}: {shown}");
            }
        }
    }
}

#[test]
fn a_code_is_not_taken_for_a_short_secret_and_a_known_one_for_none() {
    let content = Content::default();
    for (kept, code, shown) in [
        ("s", "invalid_scope", true),
        ("s", "odd_state", true),
        ("odd", "odd_state", true),
        ("odd", "ODD", false),
        ("token", "invalid_token", true),
        ("token", "token_odd", false),
    ] {
        let body = format!(r#"{{"error":"{code}"}}"#).into_bytes();
        let (json, sent) = (pointer::object(&body), Sent::of([&secret(kept)], &content));
        let (status, headers) = (http::StatusCode::BAD_REQUEST, http::HeaderMap::new());
        let answer = Answer { status, headers, body: body.into() };
        let error = fault::sort(&[], &answer, json.as_ref(), &sent);
        let said = error.answer().and_then(|answer| answer.code.as_deref());
        assert_eq!(said, shown.then_some(code), "{kept} {code}");
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
