//! The claims of a token (RFC 7519, section 4), typed strictly: a claim of the wrong type is an error,
//! never an absent claim.

use std::time::Duration;

use serde_json::Value;
use strongroom_environment::{TokenRefusal, TokenRefused};
use time::OffsetDateTime;

use super::members::{Members, about};
use super::rules::ClaimPath;

const LEEWAY_NANOS: i128 = 60 * NANOS_PER_SECOND;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The last second of the year 9999. A later date is refused.
const LAST_SECOND: i64 = 253_402_300_799;

/// The claims in the payload of a token.
pub(super) struct Claims(Members);

impl Claims {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenRefusal> {
        Members::parse(json).map(Self)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Finds a claim by its path. A null is an absent claim there.
    pub(super) fn find(&self, path: &ClaimPath) -> Option<&Value> {
        self.0.get(&path.member)?.pointer(&path.rest).filter(|value| !value.is_null())
    }

    /// Returns a string, or `None` when the claim is absent.
    pub(super) fn string(&self, name: &str) -> Result<Option<&str>, TokenRefusal> {
        self.0.string(name, TokenRefused::ClaimMisshapen)
    }

    /// Returns a string that must be present.
    pub(super) fn required(&self, name: &str) -> Result<&str, TokenRefusal> {
        self.string(name)?.ok_or_else(|| about(TokenRefused::ClaimMissing, name))
    }

    /// Returns the string that must be present at a path. An array of one string is that string: some
    /// providers send every claim as a list. So is the name of one object in an object.
    pub(super) fn required_at(&self, path: &ClaimPath) -> Result<&str, TokenRefusal> {
        let found = match self.find(path) {
            None => return Err(about(TokenRefused::ClaimMissing, &path.to_string())),
            Some(Value::Array(items)) if items.len() == 1 => items.first().and_then(Value::as_str),
            // Keycloak's organisations with their attributes: `{"acme": {"id": "…"}}`.
            Some(Value::Object(members)) if members.len() == 1 && members.values().all(Value::is_object) => {
                members.keys().next().map(String::as_str)
            }
            Some(one) => one.as_str(),
        };
        found.ok_or_else(|| misshapen(path))
    }

    /// Returns an array of strings, which is empty when the claim is absent.
    pub(super) fn strings(&self, name: &str) -> Result<Vec<&str>, TokenRefusal> {
        let found = self.0.get(name).map_or(Some(Vec::new()), strings);
        found.ok_or_else(|| about(TokenRefused::ClaimMisshapen, name))
    }

    /// Returns a string or an array of strings as a list, which is empty when the claim is absent.
    pub(super) fn string_or_strings(&self, name: &str) -> Result<Vec<&str>, TokenRefusal> {
        let found = self.0.get(name).map_or(Some(Vec::new()), string_or_strings);
        found.ok_or_else(|| about(TokenRefused::ClaimMisshapen, name))
    }

    /// Returns a string or an array of strings at a path as a list, which is empty when nothing is there.
    pub(super) fn string_or_strings_at(&self, path: &ClaimPath) -> Result<Vec<&str>, TokenRefusal> {
        self.find(path).map_or(Some(Vec::new()), string_or_strings).ok_or_else(|| misshapen(path))
    }

    /// Refuses a token that has expired or is not valid yet, and one that ends later than `longest` from now,
    /// with a leeway of 60 seconds on all sides. Returns until when it is accepted.
    pub(super) fn check_time(
        &self,
        now: OffsetDateTime,
        longest: Option<Duration>,
    ) -> Result<OffsetDateTime, TokenRefusal> {
        let now = now.unix_timestamp_nanos();
        let last = self.date("exp")?.ok_or_else(|| about(TokenRefused::ClaimMissing, "exp"))? + LEEWAY_NANOS;
        let starts = [("nbf", self.date("nbf")?), ("iat", self.date("iat")?)];
        if now > last {
            return Err(about(TokenRefused::Expired, "exp"));
        }
        let is_ahead = |start: Option<i128>| start.is_some_and(|start| start > now + LEEWAY_NANOS);
        if let Some((name, _)) = starts.into_iter().find(|(_, start)| is_ahead(*start)) {
            return Err(about(TokenRefused::NotYetValid, name));
        }
        let latest =
            |longest: Duration| now + i128::from(longest.as_secs()) * NANOS_PER_SECOND + 2 * LEEWAY_NANOS;
        if longest.is_some_and(|longest| last > latest(longest)) {
            return Err(about(TokenRefused::Lifetime, "exp"));
        }
        OffsetDateTime::from_unix_timestamp_nanos(last)
            .map_err(|_| about(TokenRefused::ClaimMisshapen, "exp"))
    }

    /// Returns a NumericDate in nanoseconds, so that the limits are exact.
    fn date(&self, name: &str) -> Result<Option<i128>, TokenRefusal> {
        let read = |value| nanoseconds(value).ok_or_else(|| about(TokenRefused::ClaimMisshapen, name));
        self.0.get(name).map(read).transpose()
    }
}

/// The refusal of a claim with another type or form than it must have.
pub(super) fn misshapen(path: &ClaimPath) -> TokenRefusal {
    about(TokenRefused::ClaimMisshapen, &path.to_string())
}

fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn string_or_strings(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(one) => Some(vec![one]),
        several => strings(several),
    }
}

fn nanoseconds(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    if let Some(seconds) = number.as_i64() {
        return (0..=LAST_SECOND).contains(&seconds).then(|| i128::from(seconds) * NANOS_PER_SECOND);
    }
    let seconds = number.as_f64().filter(|seconds| (0.0..=LAST_SECOND as f64).contains(seconds))?;
    Some((seconds.trunc() as i128) * NANOS_PER_SECOND + (seconds.fract() * NANOS_PER_SECOND as f64) as i128)
}
