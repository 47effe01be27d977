use strongroom_authorization_server::AuthorizationServer;
use strongroom_declared_http::{OauthRequests, OriginTemplate};
use strongroom_egress::{Egress, EgressSettings};

use super::provider::{adapter_at, client, code, loopback, oauth, subject, transient};
use super::server::{Behaviour, Server, answer, certificate};

const GOOD: &str = r#"{"access_token":"new-token"}"#;

/// The server of the other tests, over TLS.
fn over_tls(port: u16) -> OauthRequests {
    let mut oauth = oauth(port);
    if let OriginTemplate::Host { plain_http, .. } = &mut oauth.token.origin {
        *plain_http = false;
    }
    oauth
}

#[tokio::test]
async fn a_server_that_proves_itself_gets_the_code() {
    let (pem, acceptor) = certificate();
    let server = Server::start(answer("200 OK", GOOD), Some(acceptor)).await;
    let egress = loopback().with_roots(&pem).unwrap();
    let found = adapter_at(egress, over_tls(server.port)).token(&subject(), &client(), code(), None).await;
    assert_eq!(found.unwrap().access_token.expose(), "new-token");
    assert!(server.request().1.contains("code=good-code"));
}

#[tokio::test]
async fn a_server_that_does_not_prove_itself_gets_nothing() {
    let (_, acceptor) = certificate();
    let (other, _) = certificate();
    let server = Server::start(answer("200 OK", GOOD), Some(acceptor)).await;
    for egress in [loopback(), loopback().with_roots(&other).unwrap()] {
        let found =
            adapter_at(egress, over_tls(server.port)).token(&subject(), &client(), code(), None).await;
        assert_eq!(transient(found), Some(false));
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_server_that_breaks_the_handshake_gets_nothing() {
    let server = Server::behaving(Behaviour::HangUp).await;
    let found =
        adapter_at(loopback(), over_tls(server.port)).token(&subject(), &client(), code(), None).await;
    assert_eq!(transient(found), Some(false));
}

#[tokio::test]
async fn nothing_goes_out_without_tls_except_in_a_rehearsal() {
    let server = Server::behaving(answer("200 OK", GOOD)).await;
    let settings = EgressSettings { allow_cidrs: "oauth=127.0.0.0/8".into(), ..EgressSettings::default() };
    let strict = adapter_at(Egress::new(&settings).unwrap(), oauth(server.port));
    let found = strict.token(&subject(), &client(), code(), None).await;
    assert_eq!(transient(found), Some(false));
    assert!(server.received().is_empty());
}
