use strongroom_authorization_server::{AuthorizationServer, TokenError};

use super::provider::{adapter, client, code, oauth, secret, subject};
use super::server::{Server, answer, answer_with};

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let other = Server::behaving(answer("200 OK", r#"{"access_token":"x","sub":"1"}"#)).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let headers = format!("location: http://127.0.0.1:{}/\r\n", other.port);
        let server = Server::behaving(answer_with(status, &headers, "")).await;
        let (subject, adapter, token) = (subject(), adapter(oauth(server.port)), secret("the-token"));
        let errors = [
            adapter.token(&subject, &client(), code(), None).await.unwrap_err(),
            adapter.account(&subject, &token).await.unwrap_err(),
            adapter.revoke(&subject, &client(), &token).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| matches!(error, TokenError::Transient { .. })), "{errors:?}");
        assert_eq!(server.received().len(), 3, "{status}");
    }
    assert!(other.received().is_empty());
}
