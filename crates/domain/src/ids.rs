//! The spellings of ids that the vault gives.

use std::str::FromStr;

use ulid::Ulid;
use uuid::Uuid;

/// Reads an id in either spelling: hyphenated, or its prefix and 26 Crockford base32 characters.
pub(crate) fn from_prefixed(prefix: &str, text: &str) -> Option<Uuid> {
    let Some(base32) = text.strip_prefix(prefix) else { return hyphenated(text) };
    let ulid = Ulid::from_string(base32).ok();
    let canonical = ulid.filter(|ulid| ulid.to_string().eq_ignore_ascii_case(base32));
    canonical.map(|ulid| Uuid::from_u128(ulid.0))
}

/// Spells an id with its prefix.
pub(crate) fn to_prefixed(prefix: &str, id: Uuid) -> String {
    format!("{prefix}{}", Ulid(id.as_u128()))
}

/// Reads a UUID in its 36-character form only; braces, URNs and the bare 32 digits are no ids here.
pub(crate) fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::from_str(text).ok()).flatten()
}
