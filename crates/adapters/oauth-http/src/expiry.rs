//! Reads when tokens end.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_domain::{Json, SecretText};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::pointer;

/// The longest lifetime that is accepted, in seconds: 10 years of 365 days.
const LONGEST_LIFE: u64 = 10 * 365 * 86_400;
/// From here on a number of seconds since 1970 is one of milliseconds: as seconds it would be in the year
/// 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// Reads seconds, as a number or as decimal digits. Less than one second means that the lifetime is not
/// known.
pub(crate) fn lifetime(json: &Json) -> Option<Duration> {
    let seconds = match json {
        Json::Integer(seconds) => u64::try_from(*seconds).ok()?,
        // A number beyond 64 bits, or with a fraction.
        Json::Number(number) => Duration::try_from_secs_f64(number.as_f64()?.min(1e10)).ok()?.as_secs(),
        Json::Text(text) => {
            let text = text.expose().trim();
            let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
            if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            whole.parse().unwrap_or(u64::MAX)
        }
        _ => return None,
    };
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LONGEST_LIFE)))
}

/// The end that an answer states beside, or in place of, `expires_in`: `expires_at`, or Microsoft's older
/// `expires_on`.
pub(crate) fn stated(json: &Json) -> Option<OffsetDateTime> {
    ["/expires_at", "/expires_on"].into_iter().find_map(|place| time(pointer::value(json, place)?))
}

/// The end that an access token states about itself, when it is a JWT (RFC 7519, section 4.1.4). Its
/// signature does not matter: the server has just sent it.
pub(crate) fn of_jwt(token: &SecretText) -> Option<OffsetDateTime> {
    let mut parts = token.expose().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let claims = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?);
    time(pointer::value(&pointer::object(&claims)?, "/exp")?)
}

/// A time as RFC 3339 writes it, also with a blank for its `T`, without the colon of its offset, or without
/// an offset, which means UTC.
fn written(text: &str) -> Option<OffsetDateTime> {
    let mut text = text.replacen(' ', "T", 1);
    let offset = text.get(19..).and_then(|end| end.find(['+', '-', 'Z', 'z'])).map(|at| 19 + at);
    match offset {
        None => text.push('Z'),
        Some(at) if text.len() == at + 5 && text.is_char_boundary(at + 3) => text.insert(at + 3, ':'),
        Some(_) => {}
    }
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

/// A time: seconds or milliseconds since 1970, as a number or as digits, or a text of RFC 3339.
fn time(json: &Json) -> Option<OffsetDateTime> {
    let number = match json {
        Json::Integer(number) => *number,
        Json::Number(number) => {
            Duration::try_from_secs_f64(number.as_f64()?).ok()?.as_secs().try_into().ok()?
        }
        Json::Text(text) => match text.expose().parse() {
            Ok(number) => number,
            Err(_) => return written(text.expose().trim()),
        },
        _ => return None,
    };
    let seconds = if number >= MILLISECONDS { number / 1_000 } else { number };
    OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|_| seconds > 0)
}
