use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_authorization_server::{AuthorizationServer, Client, Grant, TokenError};
use strongroom_declared_http::{
    ClientAuthentication, ClientCredentialsRequest, Declarations, Endpoint, OauthRequests,
};
use strongroom_domain::CredentialType;

use super::provider::{
    REDIRECT, adapter, client, code, declared, endpoint, loopback, oauth, refresh, remote, secret, subject,
    subject_of, template,
};
use super::server::{Server, answer};
use crate::OauthHttp;

const GOOD: &str = r#"{"access_token":"new-token","token_type":"Bearer"}"#;

/// The head and the decoded form of the one request of an exchange.
async fn sent(
    change: impl FnOnce(&mut OauthRequests),
    client: &Client,
    grant: Grant,
) -> (String, Vec<(String, String)>) {
    let (head, body) = raw(change, client, grant).await;
    (head, url::form_urlencoded::parse(body.as_bytes()).into_owned().collect())
}

async fn raw(change: impl FnOnce(&mut OauthRequests), client: &Client, grant: Grant) -> (String, String) {
    let server = Server::behaving(answer("200 OK", GOOD)).await;
    let mut oauth = oauth(server.port);
    change(&mut oauth);
    let kind = match grant {
        Grant::ClientCredentials => CredentialType::ClientCredentials,
        _ => CredentialType::Oauth2,
    };
    let subject = subject_of(kind, &[("tenant", "jane"), ("key", "good-key")]);
    adapter(oauth).token(&subject, client, grant, None).await.unwrap();
    server.request()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn basic_of(head: &str) -> String {
    let value = head.lines().find_map(|line| line.strip_prefix("authorization: Basic ")).unwrap();
    String::from_utf8(STANDARD.decode(value).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_is_exchanged_with_its_redirect_uri_and_verifier() {
    let parameters = [("tenant", "{tenant}"), ("key", "{key}"), ("absent", "{address}"), ("code", "other")];
    let (head, form) = sent(|oauth| oauth.token_parameters = declared(&parameters), &client(), code()).await;
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", "good-code"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ("tenant", "jane"),
        ("key", "good-key"),
    ];
    assert_eq!(form, pairs(&expected));
    assert_eq!(basic_of(&head), "the-app:app-secret");
    let mut lines: Vec<_> = head.lines().filter(|line| !line.starts_with("host: ")).collect();
    assert_eq!(lines.remove(0), "POST /token HTTP/1.1");
    let names: Vec<_> = lines.iter().map(|line| line.split_once(": ").unwrap()).collect();
    assert!(names.contains(&("accept", "application/json")), "{names:?}");
    assert!(names.contains(&("content-type", "application/x-www-form-urlencoded")), "{names:?}");
    assert_eq!(names.len(), 6, "{:?}", names.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_without_pkce_gets_no_verifier() {
    let (_, form) = sent(|oauth| oauth.pkce = false, &client(), code()).await;
    assert!(!form.iter().any(|(name, _)| name == "code_verifier"));
}

#[tokio::test]
async fn a_refresh_says_what_the_file_says_and_goes_where_it_says() {
    let (head, form) = sent(|_| {}, &client(), refresh()).await;
    assert!(head.starts_with("POST /token HTTP/1.1\r\n"));
    assert_eq!(form, pairs(&[("grant_type", "refresh_token"), ("refresh_token", "old-refresh-token")]));
    let change = |oauth: &mut OauthRequests| {
        let OauthRequests { refresh, token, .. } = oauth;
        *refresh = Some(Endpoint { path: template("/{tenant}/refresh"), ..token.clone() });
        oauth.refresh_sends_redirect_uri = true;
        oauth.refresh_parameters = declared(&[("resource", "{tenant}")]);
    };
    let (head, form) = sent(change, &client(), refresh()).await;
    assert!(head.starts_with("POST /jane/refresh HTTP/1.1\r\n"), "{}", head.lines().next().unwrap());
    let expected = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "old-refresh-token"),
        ("redirect_uri", REDIRECT),
        ("resource", "jane"),
    ];
    assert_eq!(form, pairs(&expected));
}

#[tokio::test]
async fn id_and_secret_are_form_encoded_before_they_are_joined() {
    for text in ["a:b", "a%3Ab", "a+b", "a b", "ä€😀", "a&b=c", "\"\\/?#"] {
        let client = Client { id: format!("id{text}"), secret: Some(secret(&format!("secret{text}"))) };
        let (head, _) = sent(|_| {}, &client, refresh()).await;
        let pair = basic_of(&head);
        assert!(pair.is_ascii() && pair.matches(':').count() == 1, "{text}");
        let decoded: Vec<_> =
            url::form_urlencoded::parse(pair.replace(':', "=").as_bytes()).into_owned().collect();
        assert_eq!(decoded, [(client.id.clone(), format!("secret{text}"))], "{text}");

        let by_body = |oauth: &mut OauthRequests| oauth.client_authentication = ClientAuthentication::Body;
        let (head, form) = sent(by_body, &client, refresh()).await;
        assert!(!head.contains("authorization"), "{text}");
        assert_eq!(
            form[..2],
            pairs(&[("client_secret", &format!("secret{text}")), ("client_id", &client.id)])
        );
    }
}

#[tokio::test]
async fn a_public_client_only_says_its_name() {
    let client = Client { id: "public".to_owned(), secret: None };
    for authentication in [ClientAuthentication::Basic, ClientAuthentication::Body] {
        let (head, form) =
            sent(|oauth| oauth.client_authentication = authentication, &client, refresh()).await;
        assert!(!head.contains("authorization"));
        assert_eq!(form[0], ("client_id".to_owned(), "public".to_owned()));
        assert!(!form.iter().any(|(name, _)| name == "client_secret"));
    }
}

#[tokio::test]
async fn a_server_that_takes_json_gets_json() {
    let change = |oauth: &mut OauthRequests| {
        oauth.json_request = true;
        oauth.client_authentication = ClientAuthentication::Body;
    };
    let client = Client { id: "a\"b".to_owned(), secret: Some(secret("c\\ü")) };
    let (head, body) = raw(change, &client, refresh()).await;
    assert!(head.contains("content-type: application/json"));
    let expected = serde_json::json!({
        "client_id": "a\"b", "client_secret": "c\\ü", "grant_type": "refresh_token", "refresh_token": "old-refresh-token",
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), expected);
}

fn own(port: u16, parameters: &[(&str, &str)], scope: Option<&str>) -> ClientCredentialsRequest {
    ClientCredentialsRequest {
        token: endpoint(port, "/{tenant}/oauth2/token"),
        client_authentication: ClientAuthentication::Body,
        scope: scope.map(template),
        parameters: declared(parameters),
    }
}

#[tokio::test]
async fn a_client_asks_for_itself_at_its_own_endpoint() {
    let change = |oauth: &mut OauthRequests| {
        let port = port_of(oauth);
        oauth.client_credentials = Some(own(port, &[("audience", "{tenant}")], Some("{tenant}/.default")));
    };
    let (head, form) = sent(change, &client(), Grant::ClientCredentials).await;
    assert!(head.starts_with("POST /jane/oauth2/token HTTP/1.1\r\n"), "{}", head.lines().next().unwrap());
    let expected = [
        ("client_secret", "app-secret"),
        ("client_id", "the-app"),
        ("scope", "jane/.default"),
        ("audience", "jane"),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(form, pairs(&expected));
    let change = |oauth: &mut OauthRequests| {
        let port = port_of(oauth);
        oauth.client_credentials = Some(own(port, &[("grant_type", "account_credentials")], None));
    };
    let (_, form) = sent(change, &client(), Grant::ClientCredentials).await;
    let sent: Vec<_> = form.iter().filter(|(name, _)| matches!(&**name, "grant_type" | "scope")).collect();
    assert_eq!(sent, [&("grant_type".to_owned(), "account_credentials".to_owned())]);
}

#[tokio::test]
async fn what_cannot_be_built_is_not_sent_and_says_which_field() {
    let of = async |oauth: OauthRequests, grant: Grant| match adapter(oauth)
        .token(&subject(), &client(), grant, None)
        .await
        .unwrap_err()
    {
        TokenError::Unbuildable(violation) => violation.field,
        other => panic!("{other}"),
    };
    let server = Server::behaving(answer("200 OK", GOOD)).await;
    let base = oauth(server.port);
    assert_eq!(of(base.clone(), Grant::ClientCredentials).await, "provider");
    let token = remote("{address}.acme.com", "/");
    assert_eq!(of(OauthRequests { token, ..base.clone() }, code()).await, "address");
    // An address never contains a secret.
    let token = endpoint(server.port, "/{key}");
    assert_eq!(of(OauthRequests { token, ..base.clone() }, code()).await, "key");
    assert!(server.received().is_empty());

    let silent = OauthHttp::new(loopback(), Arc::new(Declarations::default()));
    let error = silent.token(&subject(), &client(), code(), None).await.unwrap_err();
    assert_eq!(error.to_string(), "the request cannot be built: provider has no authorization server");
}

fn port_of(oauth: &OauthRequests) -> u16 {
    match &oauth.token.origin {
        strongroom_declared_http::OriginTemplate::Host { port: Some(port), .. } => *port,
        other => panic!("{other:?}"),
    }
}
