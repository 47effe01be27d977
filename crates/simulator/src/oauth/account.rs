//! The account endpoint and the revocation endpoint.

use serde_json::Value;
use strongroom_declared_http::RevocationMethod;

use super::client::authenticate;
use super::members::account_members;
use super::parameters::Parameters;
use super::{Mistake, Place, State, Visit, check_place, refusal, token};
use crate::synthesis::put;
use crate::wire::Reply;

/// Answers with the account that a token is for, where the file has `account_url`. The token must be in the
/// header and nowhere else.
pub(super) fn answer(visit: &Visit<'_>, state: &mut State, place: Place<'_>) -> Result<Reply, Mistake> {
    token::count(visit, state, place);
    let lookup = visit.requests.account.as_ref();
    let endpoint = lookup.and_then(|lookup| lookup.endpoint.as_ref());
    check_place(visit, endpoint, place)?;
    visit.must_be("GET")?;
    if !visit.received.query.is_empty() || !visit.received.body.is_empty() {
        return Err("there are parameters".to_owned());
    }
    let owner = state.grants.owner_of(bearer(visit)?).flatten();
    let owner = owner.filter(|granted| granted.provider == visit.provider.id.as_str());
    Ok(match (lookup, owner) {
        (Some(lookup), Some(granted)) => {
            let members = account_members(lookup, &granted.account);
            let body = members.into_iter().fold(Value::Null, |body, (at, value)| put(body, &at, value));
            Reply::json(200, &body)
        }
        _ => refusal(401, "invalid_token"),
    })
}

/// Revokes a token (RFC 7009), which comes as the file says. A token that is not known is no mistake.
pub(super) fn revoke(visit: &Visit<'_>, state: &mut State, place: Place<'_>) -> Result<Reply, Mistake> {
    token::count(visit, state, place);
    let revocation = visit.requests.revoke.as_ref();
    check_place(visit, revocation.map(|revocation| &revocation.endpoint), place)?;
    let revocation = revocation.ok_or("the file has no revoke_url")?;
    visit.must_be(match revocation.method {
        RevocationMethod::Post => "POST",
        RevocationMethod::Delete => "DELETE",
    })?;
    for (name, value) in &revocation.headers {
        if visit.received.header(&name.to_ascii_lowercase()) != Some(value) {
            return Err(format!("header `{name}` differs"));
        }
    }
    let is_empty = revocation.parameter.is_none() && revocation.client_authentication.is_none();
    let mut parameters = match is_empty {
        true if visit.received.body.is_empty() => Parameters::of_form(visit.received.query.as_bytes())?,
        true => return Err("there is a body".to_owned()),
        false => Parameters::of_body(visit, revocation.json_request)?,
    };
    let token = match &revocation.parameter {
        Some(name) => parameters.need(name)?,
        None => bearer(visit)?.to_owned(),
    };
    parameters.take("token_type_hint");
    let client = match revocation.client_authentication {
        Some(how) => Some(authenticate(visit, &mut parameters, how)?),
        None => None,
    };
    parameters.end()?;
    let client = match client {
        Some(Err(refused)) => return Ok(refused),
        Some(Ok(client)) => Some(client.id),
        None => None,
    };
    let owner = (visit.provider.id.as_str(), client.as_deref());
    state.counts.revoked_tokens += state.grants.revoke(&token, owner);
    Ok(Reply::new(200, "text/plain", ""))
}

fn bearer<'v>(visit: &'v Visit<'_>) -> Result<&'v str, Mistake> {
    let header = visit.received.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    header.ok_or_else(|| "header `authorization` is not Bearer (RFC 6750, section 2.1)".to_owned())
}
