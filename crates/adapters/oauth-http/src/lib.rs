//! OAuth over HTTP, as provider files declare their authorization servers. This crate knows no provider.
//!
//! A request goes only where the file says: the address is built and compared as for connection tests
//! (security.md, rows 32 and 33), and it never contains a secret of a credential. Each call is one connection
//! through `adapters/egress` and one request. No redirect is followed, no cookie is kept, no compression is
//! asked for, and nothing is repeated.
//!
//! An answer is a token only when that is beyond doubt. A grant is dead only when the server says so with an
//! error that is known to mean it. Everything else is [`TokenError::Transient`], and the grant stays alive.

mod account;
mod authorize;
mod call;
mod expiry;
mod fault;
mod grant;
mod parameters;
mod pointer;
mod request;
mod revoke;
mod sent;
mod token;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_authorization_server::{
    AuthorizationRequest, AuthorizationServer, AuthorizationUrl, Client, Grant, Subject, TokenError, Tries,
};
use strongroom_declared_http::{Declarations, OauthRequests, Values};
use strongroom_domain::{Account, Rule, SecretText, TokenResponse, Violation};
use strongroom_egress::Egress;

/// Communicates with the authorization servers of provider files.
#[derive(Clone)]
pub struct OauthHttp {
    egress: Egress,
    declarations: Arc<Declarations>,
}

impl OauthHttp {
    /// Makes an adapter that connects by this policy, for the purpose `oauth`, and sends what is declared.
    pub fn new(egress: Egress, declarations: Arc<Declarations>) -> Self {
        Self { egress, declarations }
    }

    /// The requests that the file of the subject's provider declares.
    fn requests(&self, subject: &Subject) -> Result<&OauthRequests, Violation> {
        let declared = self.declarations.oauth(&subject.provider.id);
        declared.ok_or_else(|| Rule::fixed("has no authorization server").on("provider"))
    }
}

#[async_trait]
impl AuthorizationServer for OauthHttp {
    fn authorization_url<'a>(
        &self,
        subject: &Subject,
        request: &AuthorizationRequest<'a>,
    ) -> Result<AuthorizationUrl, Violation> {
        let requests = self.requests(subject)?;
        authorize::url(&self.egress, requests, &values(subject, requests), request)
    }

    fn issuer(&self, subject: &Subject) -> Result<Option<String>, Violation> {
        let requests = self.requests(subject)?;
        authorize::issuer(requests, &values(subject, requests))
    }

    fn token_origin(&self, subject: &Subject) -> Result<String, Violation> {
        let requests = self.requests(subject)?;
        let target = grant::token_target(requests, subject.credential_type, &values(subject, requests))?;
        let scheme = if target.plain_http { "http" } else { "https" };
        Ok(format!("{scheme}://{}:{}", target.host.to_ascii_lowercase(), target.port))
    }

    async fn token(
        &self,
        subject: &Subject,
        client: &Client,
        grant: Grant,
        tries: Option<Arc<dyn Tries>>,
    ) -> Result<TokenResponse, TokenError> {
        let requests = self.requests(subject).map_err(TokenError::Unbuildable)?;
        let latest = match &grant {
            Grant::Refresh { send_before, .. } => Some(*send_before),
            Grant::Code { .. } | Grant::ClientCredentials => None,
        };
        let sent = sent::Sent::with_grant(client, &grant, &subject.content);
        let (target, request) = grant::request(requests, &values(subject, requests), client, grant)
            .map_err(TokenError::Unbuildable)?;
        let answer =
            call::send_limited(&self.egress, &target, request, call::Limits { latest, tries }).await?;
        token::read(requests, &answer, &sent)
    }

    async fn account(
        &self,
        subject: &Subject,
        access_token: &SecretText,
    ) -> Result<Option<Account>, TokenError> {
        let requests = self.requests(subject).map_err(TokenError::Unbuildable)?;
        account::look_up(&self.egress, requests, &values(subject, requests), access_token).await
    }

    async fn revoke(
        &self,
        subject: &Subject,
        client: &Client,
        token: &SecretText,
    ) -> Result<bool, TokenError> {
        let requests = self.requests(subject).map_err(TokenError::Unbuildable)?;
        revoke::revoke(&self.egress, requests, subject, client, token).await
    }
}

/// The fields of the subject, for the templates of these requests.
fn values<'a>(subject: &'a Subject, requests: &'a OauthRequests) -> Values<'a> {
    Values::for_grant(&subject.provider, subject.credential_type, &subject.content, &requests.choices)
}

#[cfg(test)]
mod tests;
