//! The token endpoint (RFC 6749, sections 4.1.3, 4.4 and 6).

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;
use strongroom_declared_http::{ClientCredentialsRequest, TemplatePart};
use strongroom_domain::CredentialType;
use strongroom_domain::oauth::{ACCESS_TOKEN, REFRESH_TOKEN};

use super::client::{Client, authenticate};
use super::grants::{FamilyId, Granted, Presented};
use super::members::{account_members, arriving};
use super::parameters::Parameters;
use super::{Mistake, Place, State, Visit, check_place, refusal};
use crate::credentials;
use crate::marker::Marker;
use crate::synthesis::put;
use crate::wire::Reply;

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";
const CLIENT: &str = "client_credentials";

pub(super) fn answer(visit: &Visit<'_>, state: &mut State, place: Place<'_>) -> Result<Reply, Mistake> {
    count(visit, state, place);
    visit.must_be("POST")?;
    let mut parameters = Parameters::of_body(visit, visit.requests.json_request)?;
    let grant_type = parameters.need("grant_type")?;
    match (grant_type.as_str(), &visit.requests.client_credentials) {
        (CODE, _) => code(visit, state, parameters, place),
        (REFRESH, _) => refresh(visit, state, parameters, place),
        (other, Some(grant)) if other == grant_type_of(grant) => {
            client_credentials(visit, state, (parameters, grant), place)
        }
        _ => Err("parameter `grant_type` is none of the file".to_owned()),
    }
}

/// Counts a request to any endpoint but the authorization endpoint.
pub(super) fn count(visit: &Visit<'_>, state: &mut State, place: Place<'_>) {
    let counts = &mut state.counts;
    match place.endpoint {
        "account" => counts.account_lookups += 1,
        "revoke" => counts.revocations += 1,
        _ => {
            let parameters = Parameters::of_body(visit, visit.requests.json_request);
            let sent = parameters.as_ref().ok().and_then(|parameters| parameters.peek("grant_type"));
            let declared = visit.requests.client_credentials.as_ref().map(grant_type_of);
            let known = sent.filter(|sent| [CODE, REFRESH].contains(sent) || Some(*sent) == declared);
            *counts.token_requests.entry(known.unwrap_or("other").to_owned()).or_default() += 1;
        }
    }
}

/// A random number of 64 bits. Its digits cannot contain a marker.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness codes repeat, and the simulator refuses them as used.
    SystemRandom::new().fill(&mut bytes).ok();
    u64::from_be_bytes(bytes)
}

fn code(
    visit: &Visit<'_>,
    state: &mut State,
    mut parameters: Parameters,
    place: Place<'_>,
) -> Result<Reply, Mistake> {
    let requests = visit.requests;
    check_place(visit, Some(&requests.token), place)?;
    let code = parameters.need("code")?;
    let redirect_uri = parameters.need("redirect_uri")?;
    let verifier = if requests.pkce { Some(parameters.need("code_verifier")?) } else { None };
    let client = match authenticate(visit, &mut parameters, requests.client_authentication)? {
        Ok(client) => client,
        Err(refused) => return Ok(refused),
    };
    parameters.must_fit(visit, &requests.token_parameters)?;
    parameters.end()?;
    let owner = (visit.provider.id.as_str(), client.id.as_str());
    Ok(match state.grants.take_code(&code, owner, &redirect_uri, verifier.as_deref()) {
        Ok(family) => tokens(visit, state, family, visit.server.credential_type, true),
        Err(revoked) => {
            state.counts.revoked_tokens += revoked;
            refusal(400, "invalid_grant")
        }
    })
}

fn refresh(
    visit: &Visit<'_>,
    state: &mut State,
    mut parameters: Parameters,
    place: Place<'_>,
) -> Result<Reply, Mistake> {
    let requests = visit.requests;
    check_place(visit, Some(requests.refresh.as_ref().unwrap_or(&requests.token)), place)?;
    let token = parameters.need("refresh_token")?;
    if requests.refresh_sends_redirect_uri {
        parameters.need("redirect_uri")?;
    }
    let client = match authenticate(visit, &mut parameters, requests.client_authentication)? {
        Ok(client) => client,
        Err(refused) => return Ok(refused),
    };
    parameters.must_fit(visit, &requests.refresh_parameters)?;
    parameters.end()?;
    let owner = (visit.provider.id.as_str(), client.id.as_str());
    Ok(match state.grants.present(&token, owner, &state.behaviour) {
        Presented::Good(family) => {
            let rotate = state.behaviour.rotate;
            let reply = tokens(visit, state, family, visit.server.credential_type, rotate);
            if rotate {
                state.grants.replace(&token, reply.clone());
            }
            reply
        }
        Presented::Again(reply) => reply,
        Presented::Dead(reused) => {
            state.counts.reuses += u64::from(reused.is_some());
            state.counts.revoked_tokens += reused.unwrap_or_default();
            refusal(400, "invalid_grant")
        }
    })
}

fn client_credentials(
    visit: &Visit<'_>,
    state: &mut State,
    (mut parameters, grant): (Parameters, &ClientCredentialsRequest),
    place: Place<'_>,
) -> Result<Reply, Mistake> {
    check_place(visit, Some(&grant.token), place)?;
    let client = match authenticate(visit, &mut parameters, grant.client_authentication)? {
        Ok(client) => client,
        Err(refused) => return Ok(refused),
    };
    let scope: Vec<_> = grant.scope.iter().map(|scope| ("scope".to_owned(), scope.clone())).collect();
    let asked = parameters.peek("scope").unwrap_or_default().to_owned();
    parameters.must_fit(visit, &scope)?;
    let others: Vec<_> = grant.parameters.iter().filter(|(name, _)| name != "grant_type").cloned().collect();
    parameters.must_fit(visit, &others)?;
    parameters.end()?;
    // The token gets the marker of the secret, so that requests with the token get the same behaviour.
    let Client { id, secret } = client;
    let account = Marker::find(&secret).unwrap_or(Marker::Good).as_str().to_owned();
    let provider = visit.provider.id.to_string();
    let family = state.grants.begin(Granted { provider, client_id: id, account, scope: asked });
    Ok(tokens(visit, state, family, CredentialType::ClientCredentials, false))
}

/// The `grant_type` of the client credentials grant. A few providers use another value for it.
fn grant_type_of(grant: &ClientCredentialsRequest) -> &str {
    let named = grant.parameters.iter().find(|(name, _)| name == "grant_type");
    match named.map(|(_, template)| template.0.as_slice()) {
        Some([TemplatePart::Literal(text)]) => text.as_str(),
        _ => CLIENT,
    }
}

/// Issues new tokens for a family, and makes the answer that holds them in the shape of the file (section
/// 5.1).
fn tokens(
    visit: &Visit<'_>,
    state: &mut State,
    family: FamilyId,
    kind: CredentialType,
    with_refresh: bool,
) -> Reply {
    let requests = visit.requests;
    let Some(granted) = state.grants.granted(family).cloned() else { return refusal(400, "invalid_grant") };
    let marker = Marker::find(&granted.account).unwrap_or(Marker::Good);
    let access = fresh(visit, kind, ACCESS_TOKEN, marker);
    let lifetime = state.behaviour.lifetime_s;
    state.grants.add_access(access.clone(), family, lifetime.map(Duration::from_secs));
    let mut members: Vec<(String, Value)> =
        vec![(pointer(visit, ACCESS_TOKEN), access.into()), (pointer(visit, "token_type"), "Bearer".into())];
    if with_refresh && visit.provider.fields_of(kind).any(|field| field.name == REFRESH_TOKEN) {
        let token = fresh(visit, kind, REFRESH_TOKEN, marker);
        state.grants.add_refresh(token.clone(), family);
        members.push((pointer(visit, REFRESH_TOKEN), token.into()));
    }
    members.extend(lifetime.map(|lifetime| (pointer(visit, "expires_in"), lifetime.into())));
    if !granted.scope.is_empty() {
        members.push((pointer(visit, "scope"), granted.scope.clone().into()));
    }
    if kind != CredentialType::ClientCredentials {
        members.extend(requests.response_fields.iter().filter_map(|(name, pointer)| {
            Some((pointer.clone(), arriving(visit.provider.field(name)?).into()))
        }));
        let lookup = requests.account.as_ref().filter(|lookup| lookup.endpoint.is_none());
        members.extend(lookup.into_iter().flat_map(|lookup| account_members(lookup, &granted.account)));
    }
    let body = members.into_iter().fold(Value::Null, |body, (pointer, value)| put(body, &pointer, value));
    Reply::json(200, &body).with("Cache-Control", "no-store")
}

fn pointer(visit: &Visit<'_>, member: &str) -> String {
    visit.requests.response_pointers.get(member).cloned().unwrap_or_else(|| format!("/{member}"))
}

/// A new token that contains the marker and matches the pattern of its field.
fn fresh(visit: &Visit<'_>, kind: CredentialType, name: &str, marker: Marker) -> String {
    let number = random();
    let Some(field) = visit.provider.fields_of(kind).find(|field| field.name == name) else {
        return format!("{}-{number}", marker.as_str());
    };
    let fits = |text: &String| {
        Marker::find(text) == Some(marker)
            && field.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    };
    let base = match credentials::secret(field, marker) {
        Some(Value::String(text)) => text,
        _ => marker.as_str().to_owned(),
    };
    let candidates = [format!("{base}-{number}"), format!("{base}{number}"), format!("{base}_{number}")];
    candidates.into_iter().find(fits).unwrap_or(base)
}
