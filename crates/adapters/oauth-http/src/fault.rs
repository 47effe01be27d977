//! Sorts the answers of a server that gives no token. They decide whether a grant is still alive, so only an
//! error with a known meaning counts; in doubt the grant stays alive.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use strongroom_authorization_server::{ErrorAnswer, TokenError, Trouble};
use strongroom_declared_http::{ErrorMeaning, ErrorRule};
use strongroom_domain::Json;
use strongroom_egress::Answer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::sent::Sent;
use crate::{pointer, words};

/// The longest `Retry-After` that is respected.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Returns why an answer is not a token. The rules of the provider file come before what is known of all
/// servers.
///
/// A server that fails or is overloaded (3xx, 429, 5xx) never ends the grant, whatever its body says. When
/// the server itself states an error, the request has not been served. A 5xx may come from a proxy in front
/// of it, so there only a known code shows that.
pub(crate) fn sort(rules: &[ErrorRule], answer: &Answer, json: Option<&Json>, sent: &Sent) -> TokenError {
    let status = answer.status;
    let error = Error { status, body: &answer.body, json };
    let known = rules.iter().find(|rule| error.fits(rule)).map(|rule| (rule.meaning, error.listed(rule)));
    let known = known.or_else(|| json.and_then(words::meaning).map(|meaning| (meaning, None)));
    let (meaning, code) = known.map_or((None, None), |(meaning, code)| (Some(meaning), code));
    let code = code.or_else(|| error.code(sent)).map(Cow::Owned);
    let said = ErrorAnswer { status: status.as_u16(), code };
    let (served, trouble, cause) = match meaning {
        _ if status == StatusCode::TOO_MANY_REQUESTS => {
            (false, Trouble::Throttled, "it asks for fewer requests")
        }
        _ if status.is_redirection() => (true, Trouble::Server, "a redirect, which is not followed"),
        Some(ErrorMeaning::Throttled) => (false, Trouble::Throttled, "it asks for fewer requests"),
        Some(ErrorMeaning::Passing) => {
            let trouble = if status.is_server_error() { Trouble::Server } else { Trouble::Passing };
            (false, trouble, "an error that passes")
        }
        Some(_) if status.is_server_error() => (false, Trouble::Server, "an answer of the class 5xx"),
        Some(ErrorMeaning::Dead) => return TokenError::Dead { answer: said, is_certain: true },
        Some(ErrorMeaning::Doubtful) => return TokenError::Dead { answer: said, is_certain: false },
        Some(ErrorMeaning::App) => return TokenError::App { answer: said },
        None if status.is_server_error() => (true, Trouble::Server, "an answer of the class 5xx"),
        // GitHub and others limit so.
        None if status == StatusCode::FORBIDDEN && answer.headers.contains_key(RETRY_AFTER) => {
            (false, Trouble::Throttled, "it asks for fewer requests")
        }
        // The client has to authenticate itself (RFC 6749, section 5.2), and no error says more.
        None if status == StatusCode::UNAUTHORIZED
            && answer.body.is_empty()
            && answer.headers.contains_key(WWW_AUTHENTICATE) =>
        {
            return TokenError::App { answer: said };
        }
        None if status.is_client_error() => (false, Trouble::Unknown, "an error that is not known"),
        None if json.is_some_and(is_said) => (false, Trouble::Unknown, "an error that is not known"),
        None if json.is_some() => (true, Trouble::Server, "a JSON object without an access token"),
        None => (true, Trouble::Server, "a body that is not one JSON object of good form"),
    };
    TokenError::Transient {
        retry_after: retry_after(&answer.headers),
        may_have_been_served: served,
        trouble,
        answer: Some(said),
        cause: cause.into(),
    }
}

/// Whether an answer states an error, whatever its status (Slack, Zoho, GitHub).
pub(crate) fn is_said(json: &Json) -> bool {
    let no_error = |json: &Json| match json {
        Json::Null | Json::Boolean(false) => true,
        Json::Integer(number) => *number == 0,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Text(text) => {
            ["", "0", "none", "null", "false"].iter().any(|none| text.expose().eq_ignore_ascii_case(none))
        }
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Boolean(true) => false,
    };
    pointer::value(json, "/error").is_some_and(|error| !no_error(error))
        || matches!(pointer::value(json, "/ok"), Some(Json::Boolean(false)))
}

/// An answer that is no token.
struct Error<'a> {
    status: StatusCode,
    body: &'a [u8],
    json: Option<&'a Json>,
}

impl Error<'_> {
    fn fits(&self, rule: &ErrorRule) -> bool {
        (rule.status.is_empty() || rule.status.contains(&self.status.as_u16()))
            && (rule.code.is_empty() || self.listed(rule).is_some())
            && (rule.number.is_empty() || rule.number.iter().any(|number| self.has_number(*number)))
            && (rule.text.is_empty() || self.has_text(&rule.text))
    }

    /// The code of a rule that the answer has.
    fn listed(&self, rule: &ErrorRule) -> Option<String> {
        let said = words::said(self.json?);
        rule.code.iter().find(|code| said.contains(code)).cloned()
    }

    fn has_number(&self, number: i64) -> bool {
        let Some(json) = self.json else { return false };
        words::numbers(json).any(|said| said == number) || words::said(json).contains(&number.to_string())
    }

    fn has_text(&self, texts: &[String]) -> bool {
        let body = String::from_utf8_lossy(self.body).to_lowercase();
        texts.iter().any(|text| body.contains(text.as_str()))
    }

    /// The error code of the answer, when it is a short word that shows nothing of what was sent.
    fn code(&self, sent: &Sent) -> Option<String> {
        words::code(self.json?).filter(|code| words::is_known(code) || !sent.is_shown_by(code))
    }
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
