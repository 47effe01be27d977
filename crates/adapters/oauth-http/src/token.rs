//! Reads the answer of a token endpoint (RFC 6749, section 5.1).

use std::borrow::Cow;
use std::time::Duration;

use strongroom_authorization_server::{ErrorAnswer, TokenError, Trouble};
use strongroom_declared_http::OauthRequests;
use strongroom_domain::oauth::{ACCESS_TOKEN, REFRESH_TOKEN};
use strongroom_domain::{Json, SecretText, TokenResponse};
use strongroom_egress::Answer;

use crate::account::named;
use crate::sent::Sent;
use crate::{expiry, fault, pointer};

/// Returns the token, or why there is none. An answer is a token when the status is 2xx and the body is one
/// JSON object without repeated members that states no error and has an access token of the type bearer.
/// `Content-Type` does not count, because servers are careless with it.
pub(crate) fn read(
    requests: &OauthRequests,
    answer: &Answer,
    sent: &Sent,
) -> Result<TokenResponse, TokenError> {
    let json = pointer::object(&answer.body);
    let Some(json) = json.as_ref().filter(|json| answer.status.is_success() && !fault::is_said(json)) else {
        return Err(fault::sort(&requests.errors, answer, json.as_ref(), sent));
    };
    let place = |name: &str| match requests.response_pointers.get(name) {
        Some(pointer) => Cow::Borrowed(pointer.as_str()),
        None => Cow::Owned(format!("/{name}")),
    };
    let secret = |name| pointer::text(json, &place(name)).map(|text| SecretText::new(text.to_owned()));
    let Some(access_token) = secret(ACCESS_TOKEN) else {
        return Err(fault::sort(&requests.errors, answer, Some(json), sent));
    };
    let token_type = pointer::text(json, &place("token_type"));
    if token_type.is_some_and(|token_type| !is_bearer(json, token_type)) {
        let cause = "a token of a type other than bearer".into();
        return Err(TokenError::Transient {
            retry_after: None,
            may_have_been_served: true,
            trouble: Trouble::Unknown,
            answer: Some(ErrorAnswer { status: answer.status.as_u16(), code: None }),
            cause,
        });
    }
    let found = |(name, pointer): (&String, &String)| Some((name.clone(), pointer::scalar(json, pointer)?));
    let lookup = requests.account.as_ref().filter(|lookup| lookup.endpoint.is_none());
    Ok(TokenResponse {
        refresh_token: secret(REFRESH_TOKEN),
        lifetime: pointer::value(json, &place("expires_in")).and_then(expiry::lifetime),
        ends_at: expiry::stated(json).or_else(|| expiry::of_jwt(&access_token)),
        refresh_lifetime: refresh_lifetime(json, requests.response_pointers.get("refresh_token_expires_in")),
        scope: pointer::value(json, &place("scope")).and_then(scope),
        token_type: token_type.map(str::to_owned),
        fields: requests.response_fields.iter().filter_map(found).collect(),
        account: lookup.and_then(|lookup| named(lookup, |pointer| pointer::scalar(json, pointer))),
        access_token,
    })
}

/// Compares token types without regard to case (section 5.1). Slack, whose answers have `ok`, writes the kind
/// of account there instead.
fn is_bearer(json: &Json, token_type: &str) -> bool {
    let is_slack = matches!(pointer::value(json, "/ok"), Some(Json::Boolean(true)));
    token_type.eq_ignore_ascii_case("bearer") || (is_slack && matches!(token_type, "bot" | "user"))
}

/// How long the refresh token lives. No RFC names the member; these are the names of GitHub, Google and
/// Zendesk, of Keycloak, and of Intuit.
fn refresh_lifetime(json: &Json, declared: Option<&String>) -> Option<Duration> {
    const NAMES: [&str; 3] =
        ["/refresh_token_expires_in", "/refresh_expires_in", "/x_refresh_token_expires_in"];
    let places = declared.map(String::as_str).into_iter().chain(NAMES);
    places.filter_map(|place| pointer::value(json, place)).find_map(expiry::lifetime)
}

/// Reads a text, or a list of texts, which some servers send.
fn scope(json: &Json) -> Option<String> {
    let words = match json {
        Json::Text(text) => text.expose().split_whitespace().collect::<Vec<_>>().join(" "),
        Json::Array(items) => items.iter().map(word).collect::<Option<Vec<_>>>()?.join(" "),
        _ => return None,
    };
    Some(words).filter(|words| !words.trim().is_empty())
}

fn word(json: &Json) -> Option<&str> {
    match json {
        Json::Text(text) => Some(text.expose()),
        _ => None,
    }
}
