//! Revokes a token at its provider (RFC 7009), as well as that can be done.

use strongroom_authorization_server::{Subject, TokenError};
use strongroom_domain::oauth::{ACCESS_TOKEN, REFRESH_TOKEN};
use strongroom_domain::{AuditEvent, Content, Credential, Outcome, SecretPayload};

use crate::Application;

impl Application {
    /// Revokes the refresh token, else the access token, and puts what came of it on record: `event` with its
    /// outcome. The credential is gone by then whatever the provider says.
    pub(crate) async fn revoke_grant(
        &self,
        credential: &Credential,
        mut payload: SecretPayload,
        event: AuditEvent,
    ) {
        let (outcome, result) = match self.try_revoke(credential, &mut payload).await {
            Ok(Some(true)) => (Outcome::Success, "revoked"),
            Ok(Some(false)) => (Outcome::Failed, "the provider has no way to revoke"),
            Ok(None) => (Outcome::Failed, "there is nothing to revoke"),
            Err(error) => {
                tracing::warn!(credential = %credential.id, %error, "a token was not revoked at its provider");
                (Outcome::Failed, "the provider did not revoke it")
            }
        };
        let mut event = event.detail("result", result);
        event.outcome = outcome;
        if self.audit_writer.record(vec![event]).await.is_err() {
            tracing::error!(credential = %credential.id, result, "what came of a revocation is not on record");
        }
    }

    async fn try_revoke(
        &self,
        credential: &Credential,
        payload: &mut SecretPayload,
    ) -> Result<Option<bool>, TokenError> {
        let Some(provider) = self.ports.catalog.find(credential.provider.as_str()) else { return Ok(None) };
        let Some(server) = &provider.oauth else { return Ok(None) };
        let Some(token) = payload.remove(REFRESH_TOKEN).or_else(|| payload.remove(ACCESS_TOKEN)) else {
            return Ok(None);
        };
        let found = self.client_of(&credential.organization, credential.oauth_app, server).await;
        let unavailable = |_| TokenError::Transient {
            retry_after: None,
            may_have_been_served: false,
            is_outage: false,
            cause: "the OAuth app could not be read".into(),
        };
        let Some(client) = found.map_err(unavailable)? else { return Ok(None) };
        let content = Content { config: credential.config.clone(), ..Content::default() };
        let subject =
            Subject { provider: provider.clone(), credential_type: credential.credential_type, content };
        self.ports.authorization_server.revoke(&subject, &client, &token).await.map(Some)
    }
}
