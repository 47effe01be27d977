use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_authorization_server::TokenError;
use strongroom_declared_http::{AccountLookup, OauthRequests};
use strongroom_domain::{Account, TokenResponse};

use super::provider::{names, refreshed, transient};
use super::server::{Server, answer, answer_with};

async fn of(body: &str) -> Result<TokenResponse, TokenError> {
    of_changed(body, |_| {}).await
}

async fn of_changed(
    body: &str,
    change: impl FnOnce(&mut OauthRequests),
) -> Result<TokenResponse, TokenError> {
    let server = Server::behaving(answer("200 OK", body)).await;
    refreshed(&server, change).await
}

/// Reads a token answer that also has this member.
async fn with(member: &str) -> Result<TokenResponse, TokenError> {
    of(&format!(r#"{{"access_token":"new-token",{member}}}"#)).await
}

#[tokio::test]
async fn a_whole_answer_becomes_a_token() {
    let body = r#"{"access_token":"new-token","refresh_token":"new-refresh","expires_in":3599,
        "scope":"a b","token_type":"bEaReR","other":{"x":[1,null]}}"#;
    let token = of(body).await.unwrap();
    assert_eq!(token.access_token.expose(), "new-token");
    assert_eq!(token.refresh_token.unwrap().expose(), "new-refresh");
    assert_eq!(token.lifetime, Some(Duration::from_secs(3_599)));
    assert_eq!((token.scope.as_deref(), token.token_type.as_deref()), (Some("a b"), Some("bEaReR")));
    assert!(token.fields.is_empty() && token.account.is_none());
}

#[tokio::test]
async fn a_lifetime_is_believed_when_it_is_one() {
    let cap = Duration::from_secs(315_360_000);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let rows = [
        ("1", seconds(1)),
        ("3600", seconds(3_600)),
        ("3600.9", seconds(3_600)),
        ("\"3600\"", seconds(3_600)),
        ("\"0003600\"", seconds(3_600)),
        ("315360001", Some(cap)),
        ("9223372036854775807", Some(cap)),
        ("18446744073709551615", Some(cap)),
        ("1e300", Some(cap)),
        ("\"99999999999999999999999999\"", Some(cap)),
        ("0", None),
        ("0.5", None),
        ("-1", None),
        ("-1e300", None),
        ("\"0\"", None),
        ("\"-1\"", None),
        ("\"+1\"", None),
        ("\" 3600\"", seconds(3_600)),
        ("\"3600.0\"", seconds(3_600)),
        ("\"3600s\"", None),
        ("\"\"", None),
        ("null", None),
        ("true", None),
        ("[3600]", None),
        ("{}", None),
    ];
    for (written, expected) in rows {
        let token = with(&format!("\"expires_in\":{written}")).await.unwrap();
        assert_eq!(token.lifetime, expected, "{written}");
    }
    assert_eq!(of(r#"{"access_token":"x"}"#).await.unwrap().lifetime, None);
}

#[tokio::test]
async fn the_end_of_a_token_is_read_where_servers_and_tokens_state_it() {
    let jwt = |claims: &str| {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.signature", part(r#"{"alg":"RS256"}"#), part(claims))
    };
    let token = |text: &str| format!(r#"{{"access_token":"{text}","token_type":"Bearer"}}"#);
    let beside = |member: &str| format!(r#"{{"access_token":"x","token_type":"Bearer",{member}}}"#);
    let rows = [
        (beside(r#""expires_at":1900000000"#), Some(1_900_000_000)),
        (beside(r#""expires_at":"1900000000""#), Some(1_900_000_000)),
        (beside(r#""expires_at":1900000000123"#), Some(1_900_000_000)),
        (beside(r#""expires_at":"2030-03-17T17:46:40Z""#), Some(1_900_000_000)),
        (beside(r#""expires_on":"1900000000""#), Some(1_900_000_000)),
        (token(&jwt(r#"{"exp":1900000000}"#)), Some(1_900_000_000)),
        (token(&jwt(r#"{"sub":"x"}"#)), None),
        (token(&jwt("no claims")), None),
        (token("a.b"), None),
        (token("a.b.c.d"), None),
        (beside(r#""expires_at":"soon""#), None),
        (beside(r#""expires_at":0"#), None),
        (beside(r#""expires_at":-1"#), None),
        (beside(r#""expires_at":null"#), None),
    ];
    for (body, expected) in rows {
        let read = of(&body).await.unwrap();
        assert_eq!(read.ends_at.map(|end| end.unix_timestamp()), expected, "{body}");
        assert_eq!(read.lifetime, None, "{body}");
    }
}

#[tokio::test]
async fn the_life_of_a_refresh_token_has_several_names() {
    for name in ["refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"] {
        let read = with(&format!("\"{name}\":8640000")).await.unwrap();
        assert_eq!(read.refresh_lifetime, Some(Duration::from_secs(8_640_000)), "{name}");
    }
    assert_eq!(with("\"x\":1").await.unwrap().refresh_lifetime, None);
}

#[tokio::test]
async fn a_refresh_token_that_did_not_come_is_none() {
    for member in ["\"x\":1", "\"refresh_token\":null", "\"refresh_token\":\"\"", "\"refresh_token\":7"] {
        assert!(with(member).await.unwrap().refresh_token.is_none(), "{member}");
    }
}

/// Some servers send the members of an error with every answer, empty.
#[tokio::test]
async fn an_error_that_says_none_takes_no_token_away() {
    for none in ["null", "false", "0", "0.0", "\"\"", "\"0\"", "\"None\"", "[]", "{}"] {
        assert!(with(&format!("\"error\":{none}")).await.is_ok(), "{none}");
    }
    for said in ["true", "1", "\"odd\"", "{\"code\":1}"] {
        assert!(with(&format!("\"error\":{said}")).await.is_err(), "{said}");
    }
}

#[tokio::test]
async fn a_scope_is_a_text_or_a_list_of_texts() {
    let rows = [
        ("\"a b\"", Some("a b")),
        ("\"a,b\"", Some("a,b")),
        ("[\"a\",\"b\"]", Some("a b")),
        ("\"\"", None),
        ("\" \"", None),
        ("[]", None),
        ("[1]", None),
        ("null", None),
        ("{}", None),
    ];
    for (written, expected) in rows {
        let token = with(&format!("\"scope\":{written}")).await.unwrap();
        assert_eq!(token.scope.as_deref(), expected, "{written}");
    }
}

#[tokio::test]
async fn only_bearer_tokens_are_taken() {
    for written in ["\"bearer\"", "\"Bearer\"", "\"BEARER\"", "null", "\"\""] {
        assert!(with(&format!("\"token_type\":{written}")).await.is_ok(), "{written}");
    }
    for written in ["\"mac\"", "\"DPoP\"", "\"bot\"", "\"bearer2\"", "\" bearer\""] {
        assert_eq!(transient(with(&format!("\"token_type\":{written}")).await), Some(true), "{written}");
    }
    // Slack writes in `token_type` to which kind of account the token belongs.
    for written in ["bot", "user"] {
        assert!(with(&format!("\"ok\":true,\"token_type\":\"{written}\"")).await.is_ok(), "{written}");
    }
}

#[tokio::test]
async fn an_answer_without_an_access_token_is_none_whatever_its_status_says() {
    let bodies = [
        r#"{}"#,
        r#"{"access_token":null}"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":7}"#,
        r#"{"accessToken":"x"}"#,
        r#"[{"access_token":"x"}]"#,
        r#""x""#,
        "",
        "access_token=x&token_type=bearer",
        "<html><body>access_token</body></html>",
        r#"{"access_token":"x""#,
        r#"{"access_token":"x"}{}"#,
        r#"{"access_token":"x","access_token":"y"}"#,
        r#"{"access_token":"x","a":{"b":1,"b":2}}"#,
        "{\"access_token\":\"x\",\"\u{0}\":1}",
        r#"{"access_token":"\ud800"}"#,
    ];
    for body in bodies {
        assert_eq!(transient(of(body).await), Some(true), "{body}");
    }
    for status in ["300 Choices", "404 Not Found", "500 Broken"] {
        let server = Server::behaving(answer(status, r#"{"access_token":"x"}"#)).await;
        assert!(transient(refreshed(&server, |_| {}).await).is_some(), "{status}");
    }
    for member in ["\"error\":\"odd\"", "\"error\":{\"code\":1}", "\"ok\":false"] {
        assert_eq!(transient(with(member).await), Some(false), "{member}");
    }
    for member in ["\"error\":null", "\"error\":\"\"", "\"error\":false", "\"ok\":true"] {
        assert!(with(member).await.is_ok(), "{member}");
    }
}

#[tokio::test]
async fn the_body_speaks_for_itself_whatever_its_type_is_called() {
    for content_type in ["application/json; charset=UTF-8", "text/html", "text/plain", "a/b; \"", ""] {
        for status in ["200 OK", "201 Created"] {
            let header = format!("content-type: {content_type}\r\n");
            let server = Server::behaving(answer_with(status, &header, r#"{"access_token":"x"}"#)).await;
            assert!(refreshed(&server, |_| {}).await.is_ok(), "{status} {content_type}");
        }
    }
}

#[tokio::test]
async fn members_are_taken_from_where_the_file_says() {
    let body = r#"{"ok":true,"access_token":"bot-token","token_type":"bot","authed_user":{"id":"U1","access_token":"user-token",
        "refresh_token":"user-refresh","expires_in":"43200","scope":"x","token_type":"user"},
        "team":{"id":"T1","n":7,"no":null,"empty":""},"a/b":{"m~n":[{"z":"deep"}]}}"#;
    let user = |name: &str| (name.to_owned(), format!("/authed_user/{name}"));
    let change = |oauth: &mut OauthRequests| {
        let members = ["access_token", "refresh_token", "expires_in", "scope", "token_type"];
        oauth.response_pointers = members.map(user).into();
        oauth.response_fields = names(&[
            ("team", "/team/id"),
            ("number", "/team/n"),
            ("none", "/team/no"),
            ("empty", "/team/empty"),
            ("object", "/team"),
            ("nowhere", "/team/x/y"),
            ("deep", "/a~1b/m~0n/0/z"),
            ("odd_index", "/a~1b/m~0n/00/z"),
        ]);
        oauth.account = Some(AccountLookup {
            endpoint: None,
            id: vec!["/authed_user/id".to_owned()],
            name: vec!["/team/no".to_owned()],
        });
    };
    let token = of_changed(body, change).await.unwrap();
    assert_eq!(token.access_token.expose(), "user-token");
    assert_eq!(token.refresh_token.unwrap().expose(), "user-refresh");
    assert_eq!(token.lifetime, Some(Duration::from_secs(43_200)));
    assert_eq!((token.scope.as_deref(), token.token_type.as_deref()), (Some("x"), Some("user")));
    assert_eq!(token.fields, names(&[("team", "T1"), ("number", "7"), ("deep", "deep")]));
    assert_eq!(token.account, Some(Account { id: "U1".to_owned(), name: None }));
    // When the file names another place, a member at the top is not used.
    let without = r#"{"access_token":"bot-token","authed_user":{}}"#;
    let place = |oauth: &mut OauthRequests| oauth.response_pointers = [user("access_token")].into();
    assert_eq!(transient(of_changed(without, place).await), Some(true));
}
