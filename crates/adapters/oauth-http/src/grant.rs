//! The request that exchanges a grant for a token.

use bytes::Bytes;
use http::{HeaderValue, Request};
use strongroom_authorization_server::{Client, Grant};
use strongroom_declared_http::{
    ClientAuthentication, ClientCredentialsRequest, Endpoint, OauthRequests, Place, Refusal, Target, Values,
};
use strongroom_domain::{CredentialType, Rule, Violation};

use crate::parameters::Parameters;
use crate::request::{Encoding, basic, post};

/// Builds the request. The address is made from public fields only, so that no secret is in a URL; the body
/// may use all fields.
///
/// Each parameter occurs once: a parameter of the file whose name is already taken is left out. Only
/// `grant_type` of client credentials can be replaced by the file.
pub(crate) fn request(
    requests: &OauthRequests,
    values: &Values<'_>,
    client: &Client,
    grant: Grant,
) -> Result<(Target, Request<Bytes>), Violation> {
    let (endpoint, authentication) = match grant {
        Grant::Code { .. } => (&requests.token, requests.client_authentication),
        Grant::Refresh { .. } => {
            (requests.refresh.as_ref().unwrap_or(&requests.token), requests.client_authentication)
        }
        Grant::ClientCredentials => own(requests).map(|own| (&own.token, own.client_authentication))?,
    };
    let mut parameters = Parameters::default();
    let authorization = authenticate(authentication, client, &mut parameters)?;
    match grant {
        // RFC 6749, section 4.1.3, and RFC 7636, section 4.5.
        Grant::Code { code, verifier, redirect_uri } => {
            parameters.say("grant_type", "authorization_code");
            parameters.add("code", code);
            parameters.say("redirect_uri", &redirect_uri);
            if requests.pkce {
                parameters.add("code_verifier", verifier);
            }
            parameters.add_declared(&requests.token_parameters, values)?;
        }
        // RFC 6749, section 6.
        Grant::Refresh { refresh_token, redirect_uri, .. } => {
            parameters.say("grant_type", "refresh_token");
            parameters.add("refresh_token", refresh_token);
            if requests.refresh_sends_redirect_uri {
                parameters.say("redirect_uri", &redirect_uri);
            }
            parameters.add_declared(&requests.refresh_parameters, values)?;
        }
        Grant::ClientCredentials => add_own(&mut parameters, own(requests)?, values)?,
    }
    let target = address(endpoint, values)?;
    let encoding = if requests.json_request { Encoding::Json } else { Encoding::Form };
    let request = post(&target, parameters, encoding, authorization)?;
    Ok((target, request))
}

/// The address to which a credential of this type is sent to be refreshed.
pub(crate) fn token_target(
    requests: &OauthRequests,
    credential_type: CredentialType,
    values: &Values<'_>,
) -> Result<Target, Violation> {
    let endpoint = match credential_type {
        CredentialType::ClientCredentials => &own(requests)?.token,
        _ => requests.refresh.as_ref().unwrap_or(&requests.token),
    };
    Ok(address(endpoint, values)?)
}

/// The address of an endpoint, which contains no secret.
pub(crate) fn address(endpoint: &Endpoint, values: &Values<'_>) -> Result<Target, Refusal> {
    Target::of(&endpoint.origin, &endpoint.path, &[], &values.public_only())
}

/// The client credentials grant that the file declares.
pub(crate) fn own(requests: &OauthRequests) -> Result<&ClientCredentialsRequest, Violation> {
    let grant = requests.client_credentials.as_ref();
    grant.ok_or_else(|| Rule::fixed("has no client credentials grant").on("provider"))
}

/// Authenticates the client in the way that the file names. A client without a secret only sends its id (RFC
/// 6749, section 3.2.1).
pub(crate) fn authenticate(
    authentication: ClientAuthentication,
    client: &Client,
    parameters: &mut Parameters,
) -> Result<Option<HeaderValue>, Violation> {
    match (authentication, &client.secret) {
        (ClientAuthentication::Basic, Some(secret)) => return basic(&client.id, secret).map(Some),
        (ClientAuthentication::Body, Some(secret)) => parameters.add("client_secret", secret.duplicate()),
        (_, None) => {}
    }
    parameters.say("client_id", &client.id);
    Ok(None)
}

/// Adds the parameters of RFC 6749, section 4.4.2.
fn add_own(
    parameters: &mut Parameters,
    grant: &ClientCredentialsRequest,
    values: &Values<'_>,
) -> Result<(), Refusal> {
    if let Some(scope) = &grant.scope
        && let Some(scope) = values.fill(scope, Place::Raw)?
    {
        parameters.add("scope", scope);
    }
    parameters.add_declared(&grant.parameters, values)?;
    parameters.say("grant_type", "client_credentials");
    Ok(())
}
