//! Sorts the answers of a server that gives no token. They decide whether a grant is still alive, so only a
//! code with a known meaning counts; in doubt the grant stays alive.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use strongroom_authorization_server::{TokenError, Trouble};
use strongroom_declared_http::OauthRequests;
use strongroom_domain::Json;
use strongroom_egress::Answer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::pointer;

/// The longest `Retry-After` that is respected.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Codes that mean that the grant or the code is gone: RFC 6749, section 5.2; GitHub, Slack and Zoho.
const DEAD: [&str; 6] = [
    "invalid_grant",
    "bad_refresh_token",
    "invalid_refresh_token",
    "invalid_code",
    "bad_verification_code",
    "token_revoked",
];
/// The values of HubSpot's `status` that mean that the grant or the code is gone.
const DEAD_STATUS: [&str; 3] = ["BAD_REFRESH_TOKEN", "BAD_AUTH_CODE", "EXPIRED_AUTH_CODE"];
/// Codes that mean that the app is refused: RFC 6749, section 5.2; GitHub, Slack and Zoho.
const APP: [&str; 8] = [
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "incorrect_client_credentials",
    "invalid_client_secret",
    "bad_client_secret",
    "invalid_client_id",
];
/// Codes that mean a problem of the server itself (RFC 6749, section 4.1.2.1; token endpoints use them too).
const PASSING: [&str; 2] = ["temporarily_unavailable", "server_error"];

/// Microsoft's error numbers, which are more precise than its codes. Beside `invalid_grant` and
/// `interaction_required` these mean that the refresh token has ended or was revoked, or that the person must
/// consent or sign in again.
const DEAD_NUMBERS: [(i64, &str); 7] = [
    (70_008, "AADSTS70008"),
    (700_082, "AADSTS700082"),
    (70_043, "AADSTS70043"),
    (50_173, "AADSTS50173"),
    (50_076, "AADSTS50076"),
    (50_079, "AADSTS50079"),
    (65_001, "AADSTS65001"),
];
/// Microsoft's error numbers for an app that is refused, beside any code: the secret is wrong or has ended,
/// the app is not in the tenant, or the tenant is unknown.
const APP_NUMBERS: [(i64, &str); 4] = [
    (7_000_215, "AADSTS7000215"),
    (7_000_222, "AADSTS7000222"),
    (700_016, "AADSTS700016"),
    (90_002, "AADSTS90002"),
];

/// The places where servers put their error codes. The lists of a provider file are searched at each of them,
/// the lists above only at the place where they belong.
const CODES: [&str; 9] = [
    "/error",
    "/error/code",
    "/error/type",
    "/error_code",
    "/errorCode",
    "/error_description",
    "/code",
    "/status",
    "/reason",
];

/// The meanings that an error code can have.
enum Word {
    Dead(Cow<'static, str>),
    Doubtful(String),
    App(Cow<'static, str>),
    Passing(&'static str),
}

/// Returns why an answer is not a token.
///
/// A server that fails or is overloaded (3xx, 429, 5xx) never ends the grant, whatever its body says. When
/// the server itself states an error, the request has not been served. A 5xx may come from a proxy in front
/// of it, so there only a known code shows that.
pub(crate) fn sort(requests: &OauthRequests, answer: &Answer, json: Option<&Json>) -> TokenError {
    let word = json.and_then(|json| word(requests, json));
    let status = answer.status;
    let (served, cause) = match word {
        _ if status == StatusCode::TOO_MANY_REQUESTS => (false, "it asks for fewer requests"),
        _ if status.is_redirection() => (true, "a redirect, which is not followed"),
        Some(Word::Passing(word)) => (false, word),
        Some(_) if status.is_server_error() => (false, "an answer of the class 5xx"),
        Some(Word::Dead(code)) => return TokenError::Dead { code, is_certain: true },
        Some(Word::Doubtful(code)) => return TokenError::Dead { code: code.into(), is_certain: false },
        Some(Word::App(code)) => return TokenError::App { code },
        None if status.is_server_error() => (true, "an answer of the class 5xx"),
        None if status.is_client_error() => (false, "an error of the class 4xx that is not known"),
        None if json.is_some_and(is_said) => (false, "an error that is not known"),
        None if json.is_some() => (true, "a JSON object without an access token"),
        None => (true, "a body that is not one JSON object of good form"),
    };
    // An error that the server states, known or not, is about this request and is not an outage.
    let is_particular = (status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS)
        || (status.is_success() && json.is_some_and(is_said));
    TokenError::Transient {
        retry_after: retry_after(&answer.headers),
        may_have_been_served: served,
        trouble: if is_particular { Trouble::Request } else { Trouble::Server },
        cause: cause.into(),
    }
}

/// Whether an answer states an error, whatever its status (Slack, Zoho, GitHub).
pub(crate) fn is_said(json: &Json) -> bool {
    let no_error = |json: &Json| match json {
        Json::Null | Json::Boolean(false) => true,
        Json::Text(text) => text.is_empty(),
        _ => false,
    };
    pointer::value(json, "/error").is_some_and(|error| !no_error(error))
        || matches!(pointer::value(json, "/ok"), Some(Json::Boolean(false)))
}

fn word(requests: &OauthRequests, json: &Json) -> Option<Word> {
    let said: Vec<_> = CODES.iter().filter_map(|place| pointer::scalar(json, place)).collect();
    let listed = |list: &[String]| list.iter().find(|code| said.contains(code)).cloned();
    if let Some(code) = listed(&requests.dead_errors) {
        return Some(Word::Dead(code.into()));
    }
    if let Some(code) = listed(&requests.doubtful_errors) {
        return Some(Word::Doubtful(code));
    }
    if let Some(code) = listed(&requests.app_errors) {
        return Some(Word::App(code.into()));
    }
    let error = pointer::text(json, "/error").unwrap_or_default();
    let known = |list: &'static [&str], text: &str| list.iter().copied().find(|code| *code == text);
    if let Some(code) = number(json, &APP_NUMBERS).or_else(|| known(&APP, error)) {
        return Some(Word::App(code.into()));
    }
    let asks_person = matches!(error, "invalid_grant" | "interaction_required");
    let dead = number(json, &DEAD_NUMBERS).filter(|_| asks_person);
    let status = || pointer::text(json, "/status").and_then(|status| known(&DEAD_STATUS, status));
    if let Some(code) = dead.or_else(|| known(&DEAD, error)).or_else(status) {
        return Some(Word::Dead(code.into()));
    }
    known(&PASSING, error).map(Word::Passing)
}

/// The first number of a list that Microsoft's answer contains.
fn number(json: &Json, list: &'static [(i64, &str)]) -> Option<&'static str> {
    let Some(Json::Array(numbers)) = pointer::value(json, "/error_codes") else { return None };
    let is_said =
        |wanted: i64| numbers.iter().any(|number| matches!(number, Json::Integer(said) if *said == wanted));
    list.iter().find(|(number, _)| is_said(*number)).map(|(_, code)| *code)
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a time, which is compared with the server's
/// own clock in `Date`. The result is at most an hour.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let wait = text(RETRY_AFTER)?;
    let wait = if !wait.is_empty() && wait.bytes().all(|b| b.is_ascii_digit()) {
        wait.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc2822).ok();
        Duration::try_from(time(wait)? - time(text(DATE)?)?).ok()?
    };
    Some(wait.min(LONGEST_WAIT))
}
