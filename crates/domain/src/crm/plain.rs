//! Decides which values hide no secret and may be shown as they are.

use crate::json::Json;
use crate::secret::SecretText;

/// Whether a text may be shown as it is. A text that contains `://` must be a plain URL.
fn is_plain_text(text: &SecretText) -> bool {
    !text.expose().contains("://") || PlainUrl::parse(text.expose()).is_some_and(|url| url.hides_nothing())
}

/// Whether a value has the shape of something public, and nothing in it may hide a secret. Such a value is
/// `null`, a text, a number, a truth value, or a list of them.
pub(super) fn is_plain(value: &Json) -> bool {
    match value {
        Json::Text(text) => is_plain_text(text),
        Json::Null | Json::Boolean(_) | Json::Integer(_) | Json::Number(_) => true,
        Json::Array(items) => {
            items.iter().all(|item| !matches!(item, Json::Array(_) | Json::Object(_)) && is_plain(item))
        }
        Json::Object(_) => false,
    }
}

/// Whether a dsn is a URL without userinfo, query and fragment, in which nothing else can hide.
pub(super) fn is_plain_dsn(dsn: &str) -> bool {
    PlainUrl::parse(dsn).is_some_and(|url| url.hides_nothing())
}

/// A URL of the form that RFC 3986 calls hierarchical, split as that RFC splits it, with a host and a path
/// that leave no room for anything else. Parsers differ on all other texts, and drivers put passwords into
/// them.
pub(super) struct PlainUrl<'a> {
    pub(super) scheme: &'a str,
    pub(super) userinfo: bool,
    pub(super) authority: &'a str,
    pub(super) path: &'a str,
    pub(super) query: bool,
    pub(super) fragment: bool,
}

impl<'a> PlainUrl<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (rest, fragment) = rest.split_once('#').map_or((rest, false), |(rest, _)| (rest, true));
        let (rest, query) = rest.split_once('?').map_or((rest, false), |(rest, _)| (rest, true));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, authority) =
            authority.rsplit_once('@').map_or((false, authority), |(_, authority)| (true, authority));
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && is_host_and_port(authority)
            && is_plain_path(path);
        plain.then_some(Self { scheme, userinfo, authority, path, query, fragment })
    }

    const fn hides_nothing(&self) -> bool {
        !self.userinfo && !self.query && !self.fragment
    }
}

/// A name or an address, and perhaps a port.
fn is_host_and_port(text: &str) -> bool {
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) => (address, after),
            None => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let allowed: fn(u8) -> bool = match text.starts_with('[') {
        true => |byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'),
        false => |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'),
    };
    let port = if port.is_empty() { Some("") } else { port.strip_prefix(':') };
    !host.is_empty() && host.bytes().all(allowed) && port.is_some_and(is_port)
}

/// A path without the characters that end or begin another part of a URL, also when they are escaped.
fn is_plain_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('%').collect();
    let no_delimiter = |byte: u8| byte.is_ascii_graphic() && !b"@:;=?#&%\\".contains(&byte);
    let (first, escaped) = parts.split_first().map_or(("", [].as_slice()), |(first, rest)| (*first, rest));
    let escape = |part: &&str| {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| byte == b' ' || byte >= 0x80 || (no_delimiter(byte) && byte != b'/'))
            && part.bytes().skip(2).all(no_delimiter)
    };
    first.bytes().all(no_delimiter) && escaped.iter().all(escape)
}
