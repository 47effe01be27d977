//! Answers that a rule for `insufficient` would take for a good secret without rights although they say
//! something else.
//!
//! A provider file that knows nothing about a 403 says `{ status = [403], code = "insufficient" }`, because
//! 403 means that the credentials were understood and do not suffice (RFC 9110, section 15.5.4). Providers
//! answer suspended accounts, dead keys and strange networks with 403 too, and so does what stands in front
//! of them.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use strongroom_domain::TestCode;

/// What an answer says instead of a missing right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The account, or the key itself, is suspended, disabled, expired or not valid.
    Dead,
    /// Fewer requests are wanted.
    Limit,
    /// Requests from this network are not served.
    Network,
    /// A web page, which comes from something in front of the API.
    Page,
}

/// What has an end: in words as `words_of` makes them.
const SUBJECTS: &[&str] = &[
    "account",
    "accounts",
    "user",
    "customer",
    "login",
    "key",
    "apikey",
    "token",
    "credential",
    "credentials",
    "password",
    "secret",
    "authentication",
];
/// What is said of them when they no longer count.
const ENDS: &[&str] = &[
    "suspended",
    "deactivated",
    "disabled",
    "banned",
    "terminated",
    "locked",
    "frozen",
    "blocked",
    "inactive",
    "closed",
    "deleted",
    "expired",
    "revoked",
    "blacklisted",
];
const INVALID: &[&str] = &["invalid", "incorrect", "wrong"];
/// What follows a subject that is not meant itself: `invalid token scope`.
const PARTS: &[&str] = &["scope", "scopes", "permission", "permissions", "type", "privileges", "audience"];
/// What is said of a network from which requests are served, or not.
const ADMISSION: &[&str] = &[
    "allowed",
    "allow",
    "allowlist",
    "allowlisted",
    "whitelist",
    "whitelisted",
    "permitted",
    "authorized",
    "authorised",
    "trusted",
    "blocked",
    "blacklisted",
    "banned",
    "denied",
    "restricted",
    "restriction",
    "restrictions",
];
/// Words of a right to work with such lists.
const RIGHTS: &[&str] =
    &["permission", "permissions", "scope", "scopes", "privilege", "privileges", "manage", "role"];
/// How far before its end a subject may stand: `account has been temporarily suspended`.
const REACH: usize = 5;

impl Doubt {
    /// What the answer says, if that is something else than a missing right.
    pub(crate) fn about(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body).to_lowercase();
        let sentences = sentences_of(&text);
        let says = |what: fn(&[&str]) -> bool| sentences.iter().any(|words| what(words));
        if says(says_dead) {
            Some(Self::Dead)
        } else if says(says_limit) {
            Some(Self::Limit)
        } else if says(says_network) {
            Some(Self::Network)
        } else {
            is_page(headers, &text).then_some(Self::Page)
        }
    }

    pub(crate) const fn code(self) -> TestCode {
        match self {
            Self::Dead => TestCode::AuthRejected,
            Self::Limit => TestCode::RateLimited,
            Self::Network | Self::Page => TestCode::ProviderError,
        }
    }

    /// What a person reads about a provider of this name.
    pub(crate) fn message(self, name: &str) -> String {
        match self {
            Self::Dead => {
                format!("{name} says that the account or the secret is disabled, expired or not valid.")
            }
            Self::Limit => format!("{name} asks for fewer requests."),
            Self::Network => format!("{name} does not take requests from this network."),
            Self::Page => format!("A web page came back instead of an answer of {name}'s API."),
        }
    }

    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Dead => "Look at the account and the secret in the provider's settings.",
            Self::Limit => "Wait some minutes, then test again.",
            Self::Network => "Admit the vault's address in the provider's settings, then test again.",
            Self::Page => {
                "Something in front of the API refuses requests from here. Try again later, or ask the provider."
            }
        }
    }
}

/// The words of each sentence of a text that is in lower case; `account_suspended` is two words. The members
/// of a JSON object count as sentences.
fn sentences_of(text: &str) -> Vec<Vec<&str>> {
    let is_end = |at: usize, c: char| match c {
        ';' | '\n' => true,
        '.' | '!' | '?' => text[at + 1..].starts_with(|next: char| next.is_whitespace()),
        ',' => text[..at].ends_with('"'),
        _ => false,
    };
    let ends = text.char_indices().filter(|(at, c)| is_end(*at, *c)).map(|(at, _)| at).chain([text.len()]);
    let mut from = 0;
    let parts = ends.map(|end| &text[std::mem::replace(&mut from, end)..end]);
    parts.map(words_of).collect()
}

fn words_of(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

fn says_dead(words: &[&str]) -> bool {
    let is = |at: usize, known: &[&str]| words.get(at).is_some_and(|word| known.contains(word));
    let subject_before = |at: usize| (at.saturating_sub(REACH)..at).any(|before| is(before, SUBJECTS));
    words.iter().enumerate().any(|(at, word)| match *word {
        word if ENDS.contains(&word) => subject_before(at) || is(at + 1, SUBJECTS),
        word if INVALID.contains(&word) => {
            let after = if is(at + 1, &["api", "access", "auth"]) { at + 2 } else { at + 1 };
            let said_of = at >= 2 && is(at - 1, &["is", "are", "was"]) && is(at - 2, SUBJECTS);
            said_of || (is(after, SUBJECTS) && !is(after + 1, PARTS))
        }
        "active" | "valid" => at >= 1 && is(at - 1, &["not"]) && subject_before(at - 1),
        _ => false,
    })
}

fn says_limit(words: &[&str]) -> bool {
    words.windows(2).any(|pair| matches!(pair, ["rate", "limit" | "limits" | "limited"]))
        || words.windows(3).any(|three| three == ["too", "many", "requests"])
}

fn says_network(words: &[&str]) -> bool {
    let says = |known: &[&str]| words.iter().any(|word| known.contains(word));
    says(&["ip", "ips", "network", "networks"]) && says(ADMISSION) && !says(RIGHTS)
}

fn is_page(headers: &HeaderMap, text: &str) -> bool {
    let start = text.trim_start();
    let is_html = |value: &http::HeaderValue| value.as_bytes().starts_with(b"text/html");
    headers.get(CONTENT_TYPE).is_some_and(is_html)
        || start.starts_with("<!doctype html")
        || start.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::Doubt;

    fn about(body: &str) -> Option<Doubt> {
        Doubt::about(&HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn an_account_or_a_secret_that_has_ended_is_told_from_a_missing_right() {
        for body in [
            r#"{"message":"Sorry. Your account was suspended."}"#,
            r#"{"error":"ACCOUNT_DISABLED"}"#,
            r#"{"code":"user_inactive"}"#,
            r#"{"message":"The user account has been temporarily locked"}"#,
            r#"{"message":"This API key has been revoked"}"#,
            r#"{"message":"Suspended account"}"#,
            r#"{"error":"Customer is not active"}"#,
            r#"{"error":{"message":"Invalid API key"}}"#,
            r#"{"error":"invalid_token"}"#,
            "Access token is invalid",
            "Token expired",
        ] {
            assert_eq!(about(body), Some(Doubt::Dead), "{body}");
        }
    }

    #[test]
    fn a_missing_right_is_no_doubt() {
        for body in [
            "",
            r#"{"message":"Forbidden"}"#,
            r#"{"message":"Resource not accessible by personal access token"}"#,
            r#"{"error":{"message":"Gmail API has not been used in project 1 before or it is disabled. Enable it."}}"#,
            r#"{"message":"This feature is disabled for your account"}"#,
            r#"{"error":"invalid_scope","error_description":"The token lacks a scope"}"#,
            r#"{"error":"Invalid token scopes"}"#,
            r#"{"error":{"code":"accessDenied","message":"Access is denied. Check credentials and try again."}}"#,
            "Forbidden for this user. The endpoint was disabled.",
            r#"{"user":"alice","message":"Disabled for this plan"}"#,
            "You need permission to edit the list of allowed IP addresses.",
            r#"{"message":"Plan has no IP addresses feature"}"#,
            r#"{"type":"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND","message":"Invalid permissions"}"#,
        ] {
            assert_eq!(about(body), None, "{body}");
        }
    }

    #[test]
    fn what_stands_in_front_of_an_api_says_nothing_about_a_secret() {
        assert_eq!(about("<!DOCTYPE html><title>Attention Required!</title>"), Some(Doubt::Page));
        let html = [("content-type".parse().unwrap(), HeaderValue::from_static("text/html; charset=utf-8"))];
        assert_eq!(Doubt::about(&HeaderMap::from_iter(html), b"Forbidden"), Some(Doubt::Page));
        assert_eq!(about("API rate limit exceeded for this key"), Some(Doubt::Limit));
        assert_eq!(about(r#"{"code":"too_many_requests"}"#), Some(Doubt::Limit));
        for listed in [
            r#"{"errors":[{"message":"The requestor's IP Address is not whitelisted"}]}"#,
            "Your IP is blocked",
            "The organization has an IP allow list enabled, and 192.0.2.1 is not permitted.",
        ] {
            assert_eq!(about(listed), Some(Doubt::Network), "{listed}");
        }
    }
}
