//! Reads `headers`: the headers that a step may set.

use std::collections::BTreeMap;

use strongroom_declared_http::{Template, is_reserved_header};

use crate::problem::Problems;
use crate::scope::Scope;

/// Reads the headers. A name may be a template; the filled name is checked again when the request is built.
pub(super) fn read(
    headers: &BTreeMap<String, String>,
    has_body: bool,
    has_basic: bool,
    key: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<(Template, Template)> {
    let mut read = Vec::new();
    for (name, value) in headers {
        let key = format!("{key}.headers.{name}");
        let name = scope.read(name, &key, problems);
        let value = scope.read(value, &key, problems);
        let (Some(name), Some(value)) = (name, value) else { continue };
        if let Some(literal) = name.as_literal() {
            check_name(literal, has_body, has_basic, &key, problems);
        }
        if value.as_literal().is_some_and(|value| !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())) {
            problems.add(key, "must be of printable ASCII characters");
        }
        read.push((name, value));
    }
    read
}

fn check_name(name: &str, has_body: bool, has_basic: bool, key: &str, problems: &mut Problems) {
    let name = name.to_ascii_lowercase();
    if !is_token(&name) {
        problems.add(key, "is not the name of a header");
    } else if is_reserved_header(&name) {
        problems.add(key, "is a header that only the tester writes");
    } else if name == "content-type" && !has_body {
        problems.add(key, "is only for a step with a body");
    } else if name == "authorization" && has_basic {
        problems.add(key, "is written by `basic` or `aws_sigv4`");
    }
}

/// A header's name: a token of RFC 9110, section 5.6.2.
pub(super) fn is_token(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(allowed)
}
