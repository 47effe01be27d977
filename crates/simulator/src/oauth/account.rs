//! The account endpoint and the revocation endpoint.

use serde_json::Value;

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
    let bearer = visit.received.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let bearer = bearer.ok_or("header `authorization` is not Bearer (RFC 6750, section 2.1)")?;
    let owner = state.grants.owner_of(bearer).flatten();
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

/// Revokes a token (RFC 7009). A token that is not known is no mistake.
pub(super) fn revoke(visit: &Visit<'_>, state: &mut State, place: Place<'_>) -> Result<Reply, Mistake> {
    token::count(visit, state, place);
    check_place(visit, visit.requests.revoke.as_ref(), place)?;
    visit.must_be("POST")?;
    let mut parameters = Parameters::of_body(visit, false)?;
    let token = parameters.need("token")?;
    parameters.take("token_type_hint");
    let client = match authenticate(visit, &mut parameters, visit.requests.client_authentication)? {
        Ok(client) => client,
        Err(refused) => return Ok(refused),
    };
    parameters.end()?;
    let owner = (visit.provider.id.as_str(), client.id.as_str());
    state.counts.revoked_tokens += state.grants.revoke(&token, owner);
    Ok(Reply::new(200, "text/plain", ""))
}
