//! Reads an answer by the rules of a step.

use std::cell::OnceCell;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use strongroom_declared_http::{HttpStep, JsonCheck, JsonCondition, OutcomeRule, Traces};
use strongroom_domain::{Facts, TestCode};

use crate::doubt::Doubt;

/// The longest fact, in characters.
const MAX_FACT: usize = 100;

/// Returns the code of an answer, by the rules of the step alone.
///
/// The first rule that fits decides. When none fits, 429 is `rate_limited` (RFC 6585, section 4) and every
/// other answer, also a redirect, is `provider_error`. A condition on JSON never holds for a body that is not
/// JSON. A rule for `insufficient` with no condition but the status does not hold for an answer that says
/// that the account or the secret has ended (`auth_rejected`) or that there are too many requests
/// (`rate_limited`), nor for a web page or a refused network (`provider_error`).
pub fn evaluate(step: &HttpStep, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> TestCode {
    Reading::of(step, status, headers, body).code
}

/// An answer and the code that the rules give it.
pub(crate) struct Reading<'a> {
    pub(crate) code: TestCode,
    /// The rule that decided, if one did.
    pub(crate) rule: Option<&'a OutcomeRule>,
    /// Why that rule does not hold after all.
    pub(crate) doubt: Option<Doubt>,
    body: Body<'a>,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(step: &'a HttpStep, status: StatusCode, headers: &HeaderMap, body: &'a [u8]) -> Self {
        let body = Body { bytes: body, json: OnceCell::new() };
        let rule = step.outcomes.iter().find(|rule| fits(rule, status, headers, &body));
        let doubt = rule
            .filter(|rule| looks_at_the_status_alone(rule))
            .and_then(|_| Doubt::about(headers, body.bytes));
        let code = match rule {
            Some(rule) => doubt.map_or(rule.code, Doubt::code),
            None if status == StatusCode::TOO_MANY_REQUESTS => TestCode::RateLimited,
            None => TestCode::ProviderError,
        };
        Self { code, rule, doubt, body }
    }

    /// The facts that the step asks for: short plain texts and numbers. A fact in which a secret can be
    /// recognised is left out, because a server may send back what it received.
    pub(crate) fn facts<'s>(&self, step: &HttpStep, secrets: impl Iterator<Item = &'s str>) -> Facts {
        if step.facts.is_empty() {
            return Facts::new();
        }
        let traces: Vec<Traces> = secrets.map(Traces::of).collect();
        let fact = |pointer: &str| {
            let text = match self.body.json()?.pointer(pointer)? {
                Value::String(text) => text.trim().to_owned(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            (is_plain(&text) && !traces.iter().any(|traces| traces.are_in(&text))).then_some(text)
        };
        step.facts.iter().filter_map(|(name, pointer)| Some((*name, fact(pointer)?))).collect()
    }
}

/// Whether a rule says that a secret is good, and knows no more about the answer than its status.
fn looks_at_the_status_alone(rule: &OutcomeRule) -> bool {
    rule.code == TestCode::Insufficient
        && rule.json.is_empty()
        && rule.headers.is_empty()
        && rule.text.is_empty()
}

/// Whether a text can be a name, an e-mail address, a URL or an id, without characters that could mislead a
/// person or control a terminal.
fn is_plain(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || " @._+-:/'()&,#".contains(c);
    !text.is_empty() && text.chars().count() <= MAX_FACT && text.chars().all(allowed)
}

/// A body, which is parsed when a rule first needs it.
struct Body<'a> {
    bytes: &'a [u8],
    json: OnceCell<Option<Value>>,
}

impl Body<'_> {
    /// The body as JSON. `serde_json` limits its depth to 128.
    fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.bytes).ok()).as_ref()
    }
}

fn fits(rule: &OutcomeRule, status: StatusCode, headers: &HeaderMap, body: &Body<'_>) -> bool {
    (rule.status.is_empty() || rule.status.contains(&status.as_u16()))
        && rule.headers.iter().all(|(name, wanted)| has_header(headers, name, wanted))
        && (rule.text.is_empty() || rule.text.iter().any(|text| holds(body.bytes, text)))
        && rule.json.iter().all(|condition| body.json().is_some_and(|json| is_met(condition, json)))
}

fn has_header(headers: &HeaderMap, name: &str, wanted: &[String]) -> bool {
    headers.get_all(name).iter().any(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).to_lowercase();
        wanted.is_empty() || wanted.iter().any(|text| holds_word(&value, &text.to_lowercase()))
    })
}

/// Whether a text contains another one. A number is not contained in a longer number: `0` is not in `4990`.
fn holds_word(value: &str, text: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let (first, last) = (is_digit(text.chars().next()), is_digit(text.chars().next_back()));
    value.match_indices(text).any(|(at, _)| {
        let before = value.get(..at).and_then(|before| before.chars().next_back());
        let after = value.get(at + text.len()..).and_then(|after| after.chars().next());
        !((first && is_digit(before)) || (last && is_digit(after)))
    })
}

fn holds(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn is_met(condition: &JsonCondition, json: &Value) -> bool {
    let found = json.pointer(&condition.pointer);
    match &condition.check {
        JsonCheck::Present => !is_empty(found),
        JsonCheck::Absent => is_empty(found),
        JsonCheck::OneOf(values) => found.is_some_and(|found| values.iter().any(|value| same(found, value))),
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => found.to_lowercase() == wanted.to_lowercase(),
        (Value::Number(found), Value::Number(wanted)) => {
            found == wanted || found.as_f64().zip(wanted.as_f64()).is_some_and(|(a, b)| a == b)
        }
        _ => found == wanted,
    }
}
