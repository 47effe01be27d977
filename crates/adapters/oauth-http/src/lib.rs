//! OAuth over HTTP, as provider files declare their authorization servers. This crate knows no provider.
//!
//! A request goes where the file says and nowhere else: the address is built and compared as for connection tests
//! (security.md, rows 32 and 33), and no secret of a credential ever stands in it. Each call is one connection
//! through `adapters/egress` and one request: no redirect is followed, no cookie kept, no compression asked for,
//! nothing repeated.
//!
//! An answer is a token only when it is one beyond doubt, and a grant is dead only when the server says so in a
//! word that is known for it; all else is [`TokenError::Transient`], and the grant lives.

mod account;
mod authorize;
mod call;
mod fault;
mod grant;
mod parameters;
mod pointer;
mod request;
mod revoke;
mod token;

use async_trait::async_trait;
use strongroom_authorization_server::{
    AuthorizationRequest, AuthorizationServer, AuthorizationUrl, Client, Grant, Subject, TokenError,
};
use strongroom_domain::http_request::Values;
use strongroom_domain::{Account, OauthServer, Rule, SecretText, TokenResponse, Violation};
use strongroom_egress::Egress;

/// Speaks with the authorization servers of provider files.
#[derive(Clone)]
pub struct OauthHttp {
    egress: Egress,
}

impl OauthHttp {
    /// An adapter that connects by this policy, for the purpose `oauth`.
    pub fn new(egress: Egress) -> Self {
        Self { egress }
    }
}

#[async_trait]
impl AuthorizationServer for OauthHttp {
    fn authorization_url<'a>(
        &self,
        subject: &Subject,
        request: &AuthorizationRequest<'a>,
    ) -> Result<AuthorizationUrl, Violation> {
        authorize::url(&self.egress, server(subject)?, &values(subject), request)
    }

    fn issuer(&self, subject: &Subject) -> Result<Option<String>, Violation> {
        authorize::issuer(server(subject)?, &values(subject))
    }

    async fn token(
        &self,
        subject: &Subject,
        client: &Client,
        grant: Grant,
    ) -> Result<TokenResponse, TokenError> {
        let server = server(subject).map_err(TokenError::Unbuildable)?;
        let send_before = match &grant {
            Grant::Refresh { send_before, .. } => Some(*send_before),
            Grant::Code { .. } | Grant::ClientCredentials => None,
        };
        let (target, request) =
            grant::request(server, &values(subject), client, grant).map_err(TokenError::Unbuildable)?;
        let answer = call::send_before(&self.egress, &target, request, send_before).await?;
        token::read(server, &answer)
    }

    async fn account(
        &self,
        subject: &Subject,
        access_token: &SecretText,
    ) -> Result<Option<Account>, TokenError> {
        let server = server(subject).map_err(TokenError::Unbuildable)?;
        account::look_up(&self.egress, server, &values(subject), access_token).await
    }

    async fn revoke(
        &self,
        subject: &Subject,
        client: &Client,
        token: &SecretText,
    ) -> Result<bool, TokenError> {
        let server = server(subject).map_err(TokenError::Unbuildable)?;
        revoke::revoke(&self.egress, server, subject, client, token).await
    }
}

fn server(subject: &Subject) -> Result<&OauthServer, Violation> {
    subject.server().ok_or_else(|| Rule::fixed("has no authorization server").on("provider"))
}

fn values(subject: &Subject) -> Values<'_> {
    Values::for_grant(&subject.provider, subject.credential_type, &subject.content)
}

#[cfg(test)]
mod tests;
