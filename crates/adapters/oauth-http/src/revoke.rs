//! Revokes tokens (RFC 7009), or as the provider file says.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use strongroom_authorization_server::{Client, Subject, TokenError};
use strongroom_declared_http::{CLIENT_ID, OauthRequests, Revocation, RevocationMethod, Target, Values};
use strongroom_domain::{ConfigValue, Json, Rule, SecretText, Violation};
use strongroom_egress::{Answer, Egress};

use crate::grant::{address, authenticate};
use crate::parameters::Parameters;
use crate::request::{Encoding, bearer, with_body};
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
    let Some(revocation) = &requests.revoke else { return Ok(false) };
    let target = target(revocation, requests, subject, client).map_err(TokenError::Unbuildable)?;
    let request = request(revocation, &target, client, token).map_err(TokenError::Unbuildable)?;
    let sent = Sent::of(client.secret.iter().chain([token]), &subject.content);
    read(requests, &call::send(egress, &target, request).await?, &sent)
}

/// The address, whose path may name the client: on some servers a grant is a resource of the app.
pub(crate) fn target(
    revocation: &Revocation,
    requests: &OauthRequests,
    subject: &Subject,
    client: &Client,
) -> Result<Target, Violation> {
    let Subject { provider, credential_type, content } = subject;
    let mut content = content.duplicate();
    if provider.field(CLIENT_ID).is_none() {
        content.config.insert(CLIENT_ID, ConfigValue::Text(client.id.clone()));
    }
    let values = Values::for_grant(provider, *credential_type, &content, &requests.choices);
    Ok(address(&revocation.endpoint, &values)?)
}

fn request(
    revocation: &Revocation,
    target: &Target,
    client: &Client,
    token: &SecretText,
) -> Result<Request<Bytes>, Violation> {
    let mut parameters = Parameters::default();
    let mut authorization = match revocation.client_authentication {
        Some(authentication) => authenticate(authentication, client, &mut parameters)?,
        None => None,
    };
    match &revocation.parameter {
        Some(name) => parameters.add(name, token.duplicate()),
        None => authorization = Some(bearer(token)?),
    }
    let method = match revocation.method {
        RevocationMethod::Post => Method::POST,
        RevocationMethod::Delete => Method::DELETE,
    };
    let encoding = if revocation.json_request { Encoding::Json } else { Encoding::Form };
    let mut request = with_body(target, method, parameters, encoding, authorization)?;
    for (name, value) in &revocation.headers {
        let unfit = || Rule::fixed("names a header that cannot be sent").on("revocation");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        request.headers_mut().insert(name, HeaderValue::from_str(value).map_err(|_| unfit())?);
    }
    Ok(request)
}

/// The members in which servers say whether they did it: Slack, Webflow, and monday.com beside Pipedrive.
const DONE: [&str; 3] = ["/revoked", "/did_revoke", "/success"];

/// Reads the answer. A token that the server does not know counts as revoked (section 2.2).
fn read(requests: &OauthRequests, answer: &Answer, sent: &Sent) -> Result<bool, TokenError> {
    let json = pointer::object(&answer.body);
    let error = json.as_ref().and_then(|json| pointer::text(json, "/error"));
    // Where the token itself is what authenticates the request, its end says nothing about the grant.
    let is_named = requests.revoke.as_ref().is_some_and(|revocation| revocation.parameter.is_some());
    let is_gone = match error {
        Some("invalid_token") => answer.status.is_client_error() && is_named,
        Some("token_revoked") => is_named,
        _ => false,
    };
    let denies = |json: &Json| {
        DONE.iter().any(|place| matches!(pointer::value(json, place), Some(Json::Boolean(false))))
    };
    let fails = |json: &Json| {
        matches!(pointer::text(json, "/status"), Some("error" | "failure" | "failed"))
            || matches!(pointer::value(json, "/errors"), Some(Json::Array(errors)) if !errors.is_empty())
    };
    let is_refusal = |json: &Json| fault::is_said(json) || denies(json) || fails(json);
    let is_done = answer.status.is_success() && !json.as_ref().is_some_and(is_refusal);
    if is_done || is_gone {
        return Ok(true);
    }
    Err(fault::sort(&requests.errors, answer, json.as_ref(), sent))
}
