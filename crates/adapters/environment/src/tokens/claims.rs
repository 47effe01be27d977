//! The claims of a token (RFC 7519, section 4), typed strictly: a claim of the wrong type is an error,
//! never an absent claim.

use std::time::Duration;

use serde_json::Value;
use strongroom_environment::TokenRefused;
use time::OffsetDateTime;

use super::members::Members;
use super::rules::ClaimPath;

const LEEWAY_NANOS: i128 = 60 * NANOS_PER_SECOND;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The last second of the year 9999. A later date is refused.
const LAST_SECOND: i64 = 253_402_300_799;

/// The claims in the payload of a token.
pub(super) struct Claims(Members);

impl Claims {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenRefused> {
        Members::parse(json).map(Self)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Finds a claim by its path.
    pub(super) fn find(&self, path: &ClaimPath) -> Option<&Value> {
        self.0.get(&path.member)?.pointer(&path.rest)
    }

    /// Returns a string, or `None` when the claim is absent.
    pub(super) fn string(&self, name: &str) -> Result<Option<&str>, TokenRefused> {
        self.0.string(name, TokenRefused::Claims)
    }

    /// Returns a string that must be present.
    pub(super) fn required(&self, name: &str) -> Result<&str, TokenRefused> {
        self.string(name)?.ok_or(TokenRefused::Claims)
    }

    /// Returns a string that must be present at a path.
    pub(super) fn required_at(&self, path: &ClaimPath) -> Result<&str, TokenRefused> {
        self.find(path).and_then(Value::as_str).ok_or(TokenRefused::Claims)
    }

    /// Returns an array of strings, which is empty when the claim is absent.
    pub(super) fn strings(&self, name: &str) -> Result<Vec<&str>, TokenRefused> {
        self.0.get(name).map_or(Ok(Vec::new()), strings)
    }

    /// Returns a string or an array of strings as a list, which is empty when the claim is absent.
    pub(super) fn string_or_strings(&self, name: &str) -> Result<Vec<&str>, TokenRefused> {
        self.0.get(name).map_or(Ok(Vec::new()), string_or_strings)
    }

    /// Returns a string or an array of strings at a path as a list, which is empty when nothing is there.
    pub(super) fn string_or_strings_at(&self, path: &ClaimPath) -> Result<Vec<&str>, TokenRefused> {
        self.find(path).map_or(Ok(Vec::new()), string_or_strings)
    }

    /// Refuses a token that has expired or is not valid yet, and one that ends later than `longest` from now,
    /// with a leeway of 60 seconds on all sides. Returns until when it is accepted.
    pub(super) fn check_time(
        &self,
        now: OffsetDateTime,
        longest: Option<Duration>,
    ) -> Result<OffsetDateTime, TokenRefused> {
        let now = now.unix_timestamp_nanos();
        let last = self.date("exp")?.ok_or(TokenRefused::Claims)? + LEEWAY_NANOS;
        let starts = [self.date("nbf")?, self.date("iat")?];
        let ahead = starts.into_iter().flatten().any(|start| start > now + LEEWAY_NANOS);
        if now > last || ahead {
            return Err(TokenRefused::Time);
        }
        let latest =
            |longest: Duration| now + i128::from(longest.as_secs()) * NANOS_PER_SECOND + 2 * LEEWAY_NANOS;
        if longest.is_some_and(|longest| last > latest(longest)) {
            return Err(TokenRefused::Lifetime);
        }
        OffsetDateTime::from_unix_timestamp_nanos(last).map_err(|_| TokenRefused::Claims)
    }

    /// Returns a NumericDate in nanoseconds, so that the limits are exact.
    fn date(&self, name: &str) -> Result<Option<i128>, TokenRefused> {
        self.0.get(name).map(|value| nanoseconds(value).ok_or(TokenRefused::Claims)).transpose()
    }
}

fn strings(value: &Value) -> Result<Vec<&str>, TokenRefused> {
    let items = value.as_array().ok_or(TokenRefused::Claims)?;
    items.iter().map(|item| item.as_str().ok_or(TokenRefused::Claims)).collect()
}

fn string_or_strings(value: &Value) -> Result<Vec<&str>, TokenRefused> {
    match value {
        Value::String(one) => Ok(vec![one]),
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
