use strongroom_authorization_server::{AuthorizationServer, TokenError};
use strongroom_declared_http::{ClientAuthentication, OauthRequests, Revocation, RevocationMethod};
use strongroom_domain::Account;

use super::provider::{adapter, client, declared, endpoint, oauth, secret, subject, template};
use super::server::{Server, answer};

async fn asked(
    server: &Server,
    change: impl FnOnce(&mut OauthRequests),
) -> Result<Option<Account>, TokenError> {
    let mut oauth = oauth(server.port);
    change(&mut oauth);
    adapter(oauth).account(&subject(), &secret("the-token")).await
}

async fn account(status: &str, body: &str) -> Result<Option<Account>, TokenError> {
    asked(&Server::behaving(answer(status, body)).await, |_| {}).await
}

fn named(id: &str, name: Option<&str>) -> Option<Account> {
    Some(Account { id: id.to_owned(), name: name.map(str::to_owned) })
}

#[tokio::test]
async fn the_account_is_asked_for_with_the_token_in_the_header_alone() {
    let server = Server::behaving(answer("200 OK", r#"{"sub":"1","email":"jane@acme.com"}"#)).await;
    assert_eq!(asked(&server, |_| {}).await.unwrap(), named("1", Some("jane@acme.com")));
    let (head, body) = server.request();
    assert!(head.starts_with("GET /userinfo HTTP/1.1\r\n") && body.is_empty());
    assert!(
        head.contains("\r\nauthorization: Bearer the-token") && head.contains("\r\naccept: application/json")
    );
    assert_eq!(head.matches("the-token").count(), 1);
}

#[tokio::test]
async fn an_account_has_an_id_that_can_be_shown() {
    let long = "x".repeat(256);
    let rows = [
        (r#"{"sub":"1"}"#.to_owned(), named("1", None)),
        (r#"{"sub":7,"email":8}"#.to_owned(), named("7", Some("8"))),
        (r#"{"sub":"auth0|1","email":"Jäne Dœ 小"}"#.to_owned(), named("auth0|1", Some("Jäne Dœ 小"))),
        (format!(r#"{{"sub":"{long}","email":"{long}y"}}"#), named(&long, None)),
        (format!(r#"{{"sub":"{long}y"}}"#), None),
        (r#"{"sub":"1","email":"a\u202eb"}"#.to_owned(), named("1", None)),
        (r#"{"sub":"1","email":"a\nb"}"#.to_owned(), named("1", None)),
        (r#"{"sub":"a\u200bb"}"#.to_owned(), None),
        (r#"{"sub":"a\u0000b"}"#.to_owned(), None),
        (r#"{"sub":" "}"#.to_owned(), None),
        (r#"{"sub":""}"#.to_owned(), None),
        (r#"{"sub":null}"#.to_owned(), None),
        (r#"{"sub":{"id":1}}"#.to_owned(), None),
        ("[]".to_owned(), None),
        ("{}".to_owned(), None),
    ];
    for (body, expected) in rows {
        assert_eq!(account("200 OK", &body).await.unwrap(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_names_nobody_and_a_failure_may_do_so_later() {
    for status in ["400 Bad", "401 No", "403 No", "404 None"] {
        assert_eq!(account(status, r#"{"sub":"1"}"#).await.unwrap(), None, "{status}");
    }
    for (status, body) in [
        ("429 Slow", r#"{"sub":"1"}"#),
        ("500 Broken", r#"{"sub":"1"}"#),
        ("302 Found", ""),
        ("200 OK", "<html></html>"),
        ("200 OK", ""),
    ] {
        let error = account(status, body).await.unwrap_err();
        assert!(matches!(error, TokenError::Transient { .. }), "{status} {error}");
    }
}

#[tokio::test]
async fn a_file_that_does_not_say_how_asks_nobody() {
    let server = Server::behaving(answer("200 OK", r#"{"sub":"1"}"#)).await;
    assert_eq!(asked(&server, |oauth| oauth.account = None).await.unwrap(), None);
    let in_token = |oauth: &mut OauthRequests| oauth.account.as_mut().unwrap().endpoint = None;
    assert_eq!(asked(&server, in_token).await.unwrap(), None);
    let in_url = |oauth: &mut OauthRequests| {
        oauth.account.as_mut().unwrap().endpoint = Some(endpoint(1, "/{key}"));
    };
    assert!(matches!(asked(&server, in_url).await.unwrap_err(), TokenError::Unbuildable(_)));
    let bad = adapter(oauth(server.port)).account(&subject(), &secret("a\r\nb: c")).await;
    assert!(matches!(bad.unwrap_err(), TokenError::Unbuildable(_)));
    assert!(server.received().is_empty());
}

async fn revoked(status: &str, body: &str) -> Result<bool, TokenError> {
    let server = Server::behaving(answer(status, body)).await;
    adapter(oauth(server.port)).revoke(&subject(), &client(), &secret("the-token")).await
}

#[tokio::test]
async fn a_token_is_revoked_by_a_form_with_the_client_beside_it() {
    let server = Server::behaving(answer("200 OK", "")).await;
    let mut oauth = oauth(server.port);
    oauth.revoke.as_mut().unwrap().client_authentication = Some(ClientAuthentication::Body);
    oauth.token_parameters = declared(&[("other", "x")]);
    let done = adapter(oauth).revoke(&subject(), &client(), &secret("the token&")).await.unwrap();
    let (head, body) = server.request();
    assert!(done && head.starts_with("POST /revoke HTTP/1.1\r\n") && !head.contains("authorization"));
    assert_eq!(body, "client_secret=app-secret&client_id=the-app&token=the%20token%26");
}

#[tokio::test]
async fn a_token_is_revoked_in_the_way_that_the_file_declares() {
    let asked = async |change: fn(&mut Revocation)| {
        let server = Server::behaving(answer("204 None", "")).await;
        let mut oauth = oauth(server.port);
        change(oauth.revoke.as_mut().unwrap());
        assert!(adapter(oauth).revoke(&subject(), &client(), &secret("the-token")).await.unwrap());
        server.request()
    };
    // As Intuit has it: JSON beside the client in the header.
    let (head, body) = asked(|revocation| revocation.json_request = true).await;
    assert!(head.contains("\r\ncontent-type: application/json") && head.contains("authorization: Basic "));
    assert_eq!(body, r#"{"token":"the-token"}"#);
    // As GitHub has it: the client in the path, another parameter, and a header of its own.
    let (head, body) = asked(|revocation| {
        revocation.endpoint.path = template("/applications/{client_id}/grant");
        revocation.method = RevocationMethod::Delete;
        revocation.json_request = true;
        revocation.parameter = Some("access_token".to_owned());
        revocation.headers = vec![("X-GitHub-Api-Version".to_owned(), "2022-11-28".to_owned())];
    })
    .await;
    assert!(head.starts_with("DELETE /applications/the-app/grant HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nx-github-api-version: 2022-11-28") && head.contains(": Basic "));
    assert_eq!(body, r#"{"access_token":"the-token"}"#);
    // As Slack has it: the token in the header, and nothing else.
    let (head, body) = asked(|revocation| {
        revocation.client_authentication = None;
        revocation.parameter = None;
    })
    .await;
    assert!(head.contains("\r\nauthorization: Bearer the-token") && !head.contains("content-type"));
    assert!(head.contains("\r\ncontent-length: 0") && body.is_empty(), "{head}");
}

#[tokio::test]
async fn an_account_is_looked_for_in_the_places_of_the_file_in_their_order() {
    for (body, expected) in [
        (r#"{"team":{"id":"T1"},"enterprise":{"id":"E1"}}"#, Some("T1")),
        (r#"{"team":null,"enterprise":{"id":"E1"}}"#, Some("E1")),
        (r#"{"team":{"id":""},"enterprise":{"id":"E1"}}"#, Some("E1")),
        (r#"{"team":{"id":"a\u200bb"},"enterprise":{"id":"E1"}}"#, None),
        (r#"{"team":null,"enterprise":null}"#, None),
    ] {
        let server = Server::behaving(answer("200 OK", body)).await;
        let found = asked(&server, |oauth| {
            let lookup = oauth.account.as_mut().unwrap();
            lookup.id = vec!["/team/id".to_owned(), "/enterprise/id".to_owned()];
            lookup.name = Vec::new();
        });
        assert_eq!(found.await.unwrap(), expected.and_then(|id| named(id, None)), "{body}");
    }
}

#[tokio::test]
async fn a_token_that_is_gone_is_revoked() {
    for (status, body) in [
        ("200 OK", ""),
        ("200 OK", "revoked"),
        ("200 OK", r#"{"ok":true,"revoked":true}"#),
        ("200 OK", r#"{"did_revoke":true}"#),
        ("204 None", ""),
        ("400 Bad", r#"{"error":"invalid_token"}"#),
    ] {
        assert!(revoked(status, body).await.unwrap(), "{status} {body}");
    }
    for (status, body, dead) in [
        ("200 OK", r#"{"ok":false,"error":"odd"}"#, false),
        ("200 OK", r#"{"ok":true,"revoked":false}"#, false),
        ("200 OK", r#"{"did_revoke":false}"#, false),
        ("400 Bad", r#"{"error":"unsupported_token_type"}"#, false),
        ("401 No", r#"{"error":"invalid_client"}"#, true),
        ("503 Away", "", false),
    ] {
        let error = revoked(status, body).await.unwrap_err();
        assert_eq!(matches!(error, TokenError::App { .. }), dead, "{status} {error}");
    }
}

#[tokio::test]
async fn a_provider_without_a_way_to_revoke_has_none() {
    let mut oauth = oauth(1);
    oauth.revoke = None;
    assert!(!adapter(oauth).revoke(&subject(), &client(), &secret("the-token")).await.unwrap());
}
