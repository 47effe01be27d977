//! What stands for secrets that are not shown, and how it is kept from being written back.

use super::{ACCESS_TOKEN, CrmContent, CrmMapping, CrmPatch, DSN, MASK, METADATA, Metadata};
use crate::json::Json;
use crate::secret::SecretText;
use crate::violation::{Rule, Violation};

impl CrmPatch {
    /// Every value that contains the mask: somebody has read it masked and sends it back.
    pub fn masks(&self) -> Vec<Violation> {
        masks(self.dsn.as_ref(), self.access_token.as_ref(), self.metadata.as_ref())
    }
}

impl CrmContent {
    /// What is shown of content that cannot be opened.
    pub fn hidden() -> Self {
        let mask = || SecretText::new(MASK.to_owned());
        Self { dsn: mask(), access_token: mask(), metadata: Metadata::new() }
    }

    /// Every value that contains the mask: somebody has read it masked and sends it back.
    pub fn masks(&self) -> Vec<Violation> {
        masks(Some(&self.dsn), Some(&self.access_token), Some(&self.metadata))
    }

    /// The same with the mask in place of every secret: the token, what of the dsn may hold one, and every
    /// metadata value that the provider file does not name as public, leaf by leaf.
    #[must_use]
    pub fn masked(self, mapping: &CrmMapping) -> Self {
        let metadata =
            self.metadata.into_iter().map(|(name, value)| match mapping.is_public(&name, &value) {
                true => (name, value),
                false => (name, masked(value)),
            });
        Self {
            dsn: SecretText::new(masked_dsn(self.dsn.expose())),
            access_token: SecretText::new(MASK.to_owned()),
            metadata: metadata.collect(),
        }
    }
}

fn masks(
    dsn: Option<&SecretText>,
    access_token: Option<&SecretText>,
    metadata: Option<&Metadata>,
) -> Vec<Violation> {
    const RULE: Rule = Rule::fixed("must not contain the mask that stands for a secret");
    let is_mask = |text: &SecretText| text.expose().contains(MASK);
    let mut places: Vec<String> = Vec::new();
    for (name, text) in [(DSN, dsn), (ACCESS_TOKEN, access_token)] {
        places.extend(text.filter(|text| is_mask(text)).map(|_| name.to_owned()));
    }
    let masked = metadata.into_iter().flatten().filter(|(_, value)| value.any_text(&is_mask));
    places.extend(masked.map(|(name, _)| format!("{METADATA}.{name}")));
    places.into_iter().map(|place| RULE.on(place)).collect()
}

fn masked(value: Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.into_iter().map(masked).collect()),
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (name, masked(value))).collect())
        }
        _ => Json::Text(SecretText::new(MASK.to_owned())),
    }
}

/// Whether a text may be shown as it is: one that has anything of a URL must be a plain one.
fn is_plain_text(text: &SecretText) -> bool {
    !text.expose().contains("://") || PlainUrl::parse(text.expose()).is_some_and(|url| url.hides_nothing())
}

/// Whether a value has the shape of something public, and nothing in it may hide a secret: a text, a number, a
/// truth value, or a list of them.
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

/// Scheme, host, port and path of a URL; any other dsn is masked whole.
fn masked_dsn(dsn: &str) -> String {
    let Some(url) = PlainUrl::parse(dsn) else { return MASK.to_owned() };
    let PlainUrl { scheme, userinfo, authority, path, query, fragment } = url;
    let userinfo = if userinfo { format!("{MASK}@") } else { String::new() };
    let query = if query { format!("?{MASK}") } else { String::new() };
    let fragment = if fragment { format!("#{MASK}") } else { String::new() };
    format!("{scheme}://{userinfo}{authority}{path}{query}{fragment}")
}

/// A URL of the form that RFC 3986 calls hierarchical, split as that RFC splits it, with a host and a path that
/// leave no room for anything else. Parsers differ on all others, and drivers put passwords into them.
struct PlainUrl<'a> {
    scheme: &'a str,
    userinfo: bool,
    authority: &'a str,
    path: &'a str,
    query: bool,
    fragment: bool,
}

impl<'a> PlainUrl<'a> {
    fn parse(text: &'a str) -> Option<Self> {
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
