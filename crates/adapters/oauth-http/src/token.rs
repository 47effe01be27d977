//! Reads the answer of a token endpoint (RFC 6749, section 5.1).

use std::borrow::Cow;
use std::time::Duration;

use strongroom_authorization_server::{TokenError, Trouble};
use strongroom_declared_http::OauthRequests;
use strongroom_domain::oauth::{ACCESS_TOKEN, REFRESH_TOKEN};
use strongroom_domain::{Json, SecretText, TokenResponse};
use strongroom_egress::Answer;

use crate::account::named;
use crate::{fault, pointer};

/// The longest lifetime that is accepted, in seconds: 10 years of 365 days.
const LONGEST_LIFE: u64 = 10 * 365 * 86_400;

/// Returns the token, or why there is none. An answer is a token when the status is 2xx and the body is one
/// JSON object without repeated members that states no error and has an access token of the type bearer.
/// `Content-Type` does not count, because servers are careless with it.
pub(crate) fn read(requests: &OauthRequests, answer: &Answer) -> Result<TokenResponse, TokenError> {
    let json = pointer::object(&answer.body);
    let Some(json) = json.as_ref().filter(|json| answer.status.is_success() && !fault::is_said(json)) else {
        return Err(fault::sort(requests, answer, json.as_ref()));
    };
    let place = |name: &str| match requests.response_pointers.get(name) {
        Some(pointer) => Cow::Borrowed(pointer.as_str()),
        None => Cow::Owned(format!("/{name}")),
    };
    let secret = |name| pointer::text(json, &place(name)).map(|text| SecretText::new(text.to_owned()));
    let Some(access_token) = secret(ACCESS_TOKEN) else {
        return Err(fault::sort(requests, answer, Some(json)));
    };
    let token_type = pointer::text(json, &place("token_type"));
    if token_type.is_some_and(|token_type| !is_bearer(json, token_type)) {
        let cause = "a token of a type other than bearer".into();
        return Err(TokenError::Transient {
            retry_after: None,
            may_have_been_served: true,
            trouble: Trouble::Request,
            cause,
        });
    }
    let found = |(name, pointer): (&String, &String)| Some((name.clone(), pointer::scalar(json, pointer)?));
    let lookup = requests.account.as_ref().filter(|lookup| lookup.endpoint.is_none());
    Ok(TokenResponse {
        access_token,
        refresh_token: secret(REFRESH_TOKEN),
        lifetime: pointer::value(json, &place("expires_in")).and_then(lifetime),
        scope: pointer::value(json, &place("scope")).and_then(scope),
        token_type: token_type.map(str::to_owned),
        fields: requests.response_fields.iter().filter_map(found).collect(),
        account: lookup.and_then(|lookup| named(lookup, |pointer| pointer::scalar(json, pointer))),
    })
}

/// Compares token types without regard to case (section 5.1). Slack, whose answers have `ok`, writes the kind
/// of account there instead.
fn is_bearer(json: &Json, token_type: &str) -> bool {
    let is_slack = matches!(pointer::value(json, "/ok"), Some(Json::Boolean(true)));
    token_type.eq_ignore_ascii_case("bearer") || (is_slack && matches!(token_type, "bot" | "user"))
}

/// Reads seconds, as a number or as decimal digits. Less than one second means that the lifetime is not
/// known.
fn lifetime(json: &Json) -> Option<Duration> {
    let seconds = match json {
        Json::Integer(seconds) => u64::try_from(*seconds).ok()?,
        // A number beyond 64 bits, or with a fraction.
        Json::Number(number) => Duration::try_from_secs_f64(number.as_f64()?.min(1e10)).ok()?.as_secs(),
        Json::Text(text) if !text.is_empty() && text.expose().bytes().all(|b| b.is_ascii_digit()) => {
            text.expose().parse().unwrap_or(u64::MAX)
        }
        _ => return None,
    };
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LONGEST_LIFE)))
}

/// Reads a text, or a list of texts, which some servers send.
fn scope(json: &Json) -> Option<String> {
    let words = match json {
        Json::Text(text) => text.expose().to_owned(),
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
