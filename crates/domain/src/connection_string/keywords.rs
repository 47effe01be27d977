//! The form of key=value pairs.

use super::form::SYNTAX;
use super::{Pair, at_byte};
use crate::secret::SecretText;
use crate::violation::Rule;

/// Reads `key = value` pairs with white space between them.
pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Rule> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut rest = text;
    // A bare password that holds a blank goes on behind it.
    let mut is_sure = true;
    while !rest.is_empty() {
        let stray = || {
            if pairs.is_empty() {
                return SYNTAX;
            }
            let what = "begins no key=value pair: put values with blanks or quotes into single quotes";
            at_byte(text, text.len() - rest.len(), what)
        };
        let (key, after) = rest.split_once('=').ok_or_else(stray)?;
        let key = key.trim_end();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(stray());
        }
        let after = after.trim_start();
        let (value, behind) = value(text, after)?;
        pairs.push(Pair { key: key.to_owned(), value: SecretText::new(value), is_sure });
        is_sure = key != "password" || after.starts_with('\'');
        rest = behind.trim_start();
    }
    if pairs.is_empty() { Err(SYNTAX) } else { Ok(pairs) }
}

/// Reads one value: bare up to white space, or between single quotes; a backslash takes the next character as
/// it is. `from` is the end of `text` that begins with the value.
fn value<'a>(text: &str, from: &'a str) -> Result<(String, &'a str), Rule> {
    let start = text.len() - from.len();
    let broken = || {
        let what = "begins a value with a quote or a backslash that is left open: write them as \\' and \\\\";
        at_byte(text, start, what)
    };
    let (quoted, inner) = from.strip_prefix('\'').map_or((false, from), |inner| (true, inner));
    // A buffer that grows leaves copies of a password behind, so it has its final size from the start.
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next().ok_or_else(broken)?.1),
            '\'' if quoted => {
                let after = inner.get(at + 1..).unwrap_or_default();
                let bordered = after.is_empty() || after.starts_with(char::is_whitespace);
                return if bordered { Ok((value, after)) } else { Err(broken()) };
            }
            '\'' => return Err(broken()),
            c if c.is_whitespace() && !quoted => return Ok((value, inner.get(at..).unwrap_or_default())),
            c => value.push(c),
        }
    }
    if quoted { Err(broken()) } else { Ok((value, "")) }
}
