//! Revokes tokens (RFC 7009).

use strongroom_authorization_server::{Client, Subject, TokenError};
use strongroom_declared_http::OauthRequests;
use strongroom_domain::{CredentialType, SecretText};
use strongroom_egress::{Answer, Egress};

use crate::grant::{address, authenticate, own};
use crate::parameters::Parameters;
use crate::request::{Encoding, post};
use crate::sent::Sent;
use crate::{call, fault, pointer};

/// Revokes a token. Returns `false` when the provider has no way to do so.
pub(crate) async fn revoke(
    egress: &Egress,
    requests: &OauthRequests,
    subject: &Subject,
    client: &Client,
    token: &SecretText,
) -> Result<bool, TokenError> {
    let Some(endpoint) = &requests.revoke else { return Ok(false) };
    let unbuildable = TokenError::Unbuildable;
    let authentication = match subject.credential_type {
        CredentialType::ClientCredentials => own(requests).map_err(unbuildable)?.client_authentication,
        _ => requests.client_authentication,
    };
    let mut parameters = Parameters::default();
    let authorization = authenticate(authentication, client, &mut parameters).map_err(unbuildable)?;
    parameters.add("token", token.duplicate());
    let target = address(endpoint, &crate::values(subject, requests))
        .map_err(|refusal| unbuildable(refusal.into()))?;
    let request = post(&target, parameters, Encoding::Form, authorization).map_err(unbuildable)?;
    let sent = Sent::of(client.secret.iter().chain([token]), &subject.content);
    read(requests, &call::send(egress, &target, request).await?, &sent)
}

/// Reads the answer. A token that the server does not know counts as revoked (section 2.2).
fn read(requests: &OauthRequests, answer: &Answer, sent: &Sent) -> Result<bool, TokenError> {
    let json = pointer::object(&answer.body);
    let error = json.as_ref().and_then(|json| pointer::text(json, "/error"));
    let is_gone = answer.status.is_client_error() && error == Some("invalid_token");
    let is_done = answer.status.is_success() && !json.as_ref().is_some_and(fault::is_said);
    if is_done || is_gone {
        return Ok(true);
    }
    Err(fault::sort(&requests.errors, answer, json.as_ref(), sent))
}
