//! Says in which way a value misses the form of its field: by the kind of what is wrong, and never with the
//! value itself.

use crate::provider::Field;
use crate::violation::Rule;

/// A change that makes a wrong value right, and what it says about the value.
type Repair = (fn(&str) -> Option<String>, &'static str);

/// The usual mistakes, the likeliest explanation first.
const REPAIRS: [Repair; 12] = [
    (|value| Some(value.trim().to_owned()), "it has blanks around it"),
    (unquoted, "it stands in quotes"),
    (without_scheme_word, "it begins with the word of a header, which is not part of it"),
    (|value| value.strip_suffix('/').map(str::to_owned), "it ends with a slash"),
    (|value| Some(format!("https://{value}")), "it lacks https:// at its beginning"),
    (without_port, "it has a port"),
    (without_path, "it has a path"),
    (without_user, "it has a user name"),
    (host_of, "it has a scheme, such as https://"),
    (|value| Some(value.to_ascii_lowercase()), "it has capital letters"),
    (|value| Some(value.split_whitespace().collect()), "it has blanks in it"),
    (|value| Some(value.chars().filter(char::is_ascii).collect()), "it has characters that are not ASCII"),
];

/// Adds to a rule the example of the field, and the usual mistake that alone makes `value` break the rule.
/// `keeps` tells whether another value would keep it.
pub(crate) fn explained(rule: Rule, field: &Field, value: &str, keeps: impl Fn(&str) -> bool) -> Rule {
    let repairs = REPAIRS.into_iter().find(|(repair, _)| {
        repair(value).is_some_and(|repaired| repaired != value && !repaired.is_empty() && keeps(&repaired))
    });
    let example = field.example.as_deref().filter(|shown| field.choices.is_empty() && *shown != value);
    match (example, repairs) {
        (None, None) => rule,
        (Some(example), None) => Rule::naming(format!("{rule}, such as {example}")),
        (None, Some((_, mistake))) => Rule::naming(format!("{rule}: {mistake}")),
        (Some(example), Some((_, mistake))) => Rule::naming(format!("{rule}, such as {example}: {mistake}")),
    }
}

/// The rule against control characters, with the kind and the place of those in the value.
pub(crate) fn control_characters(value: &str) -> Rule {
    let has = |wanted: fn(char) -> bool| value.trim_matches(['\n', '\r', '\t', ' ']).contains(wanted);
    Rule::fixed(match () {
        () if has(|c| matches!(c, '\n' | '\r')) => {
            "must not contain control characters: it has line breaks in it"
        }
        () if has(|c| c == '\t') => "must not contain control characters: it has tabs in it",
        () if has(char::is_control) => {
            "must not contain control characters: it has characters that do not print"
        }
        () if value.trim_matches([' ', '\t']).contains(['\n', '\r']) => {
            "must not contain control characters: it has line breaks around it"
        }
        () => "must not contain control characters: it has tabs around it",
    })
}

fn unquoted(value: &str) -> Option<String> {
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('<', '>')];
    let inner = |(open, close)| value.trim().strip_prefix(open)?.strip_suffix(close);
    pairs.into_iter().find_map(inner).map(str::to_owned)
}

/// The words that stand before a credential in an `Authorization` header (RFC 9110, section 11.1).
fn without_scheme_word(value: &str) -> Option<String> {
    let (word, rest) = value.trim().split_once(' ')?;
    let known = ["bearer", "basic", "token", "apikey", "key", "authorization:", "x-api-key:"];
    known.contains(&word.to_ascii_lowercase().as_str()).then(|| rest.trim().to_owned())
}

fn without_port(value: &str) -> Option<String> {
    let (host, port) = value.rsplit_once(':')?;
    (!port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())).then(|| host.to_owned())
}

fn without_path(value: &str) -> Option<String> {
    let start = value.find("://").map_or(0, |at| at + 3);
    let length = value.get(start..)?.find('/')?;
    value.get(..start + length).map(str::to_owned)
}

fn without_user(value: &str) -> Option<String> {
    value.rsplit_once('@').map(|(_, host)| host.to_owned())
}

/// The host of a URL, also without its port, path and user.
fn host_of(value: &str) -> Option<String> {
    let (_, rest) = value.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = without_user(authority).unwrap_or_else(|| authority.to_owned());
    Some(without_port(&host).unwrap_or(host))
}
