//! The form of a URL.

use percent_encoding::percent_decode_str;

use super::form::SYNTAX;
use super::{HOST, Pair, SEVERAL_HOSTS, SOCKET, at_byte, parse_port};
use crate::secret::SecretText;
use crate::violation::Rule;

const UNENCODED: &str = "cannot stand there: percent-encode special characters of user name and password, or give them as separate fields";

const HASH: &str = "cannot stand there: write it as %23, or leave out what begins with it";
const BRACKETS: Rule = Rule::fixed(
    "must have an IPv6 address in square brackets, as in postgres://user:password@[2001:db8::1]:5432/database",
);

/// Takes a URL apart, in the order in which its parts stand.
pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Rule> {
    let (_, rest) = text.split_once("://").ok_or(SYNTAX)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let behind = rest.strip_prefix(authority).unwrap_or_default();
    if let Some(offset) = misplaced(authority, behind) {
        // Behind user name and password nothing of them is left to encode.
        let is_behind = offset >= authority.len() && authority.contains('@');
        let is_hash = is_behind && rest.get(offset..).is_some_and(|rest| rest.starts_with('#'));
        let what = if is_hash { HASH } else { UNENCODED };
        return Err(at_byte(text, text.len() - rest.len() + offset, what));
    }
    let (user, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').map_or((user, None), |(user, word)| (user, Some(word)));
    let (host, port) = split_port(host_and_port)?;
    let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
    let database = path.strip_prefix('/').unwrap_or_default();
    let parts = [
        ("host", Some(host).filter(|host| !host.is_empty())),
        ("port", port),
        ("user", Some(user).filter(|user| !user.is_empty())),
        ("password", password),
        ("dbname", Some(database).filter(|database| !database.is_empty())),
    ];
    let mut pairs = Vec::new();
    for (key, value) in parts {
        let Some(value) = value else { continue };
        pairs.push(Pair { key: key.to_owned(), value: decoded(value)?, is_sure: true });
    }
    // The query may begin within a password, when an `@` comes after it.
    let is_sure = !query.contains('@');
    // libpq decodes query values like every other part: `+` is a plus sign, not a space.
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push(Pair { key: decoded(key)?.expose().to_owned(), value: decoded(value)?, is_sure });
    }
    Ok(pairs)
}

/// Finds a character that belongs to user name or password and is not encoded, or a percent sign that encodes
/// nothing. Clients read such URLs in different ways, and may each see another host in it.
fn misplaced(authority: &str, behind: &str) -> Option<usize> {
    let end = authority.len();
    let (before_query, query) = behind.split_once('?').unwrap_or((behind, ""));
    let first_key = query.split('=').next().unwrap_or_default();
    // Behind a user name an `@` in the value of a key is harmless. Anywhere else it is where a client may see
    // the host begin: libpq looks for it in the query too.
    let has_user = authority.contains('@');
    let host_comes_later =
        before_query.contains('@') || first_key.contains('@') || (query.contains('@') && !has_user);
    if authority.matches('@').count() > 1 || (host_comes_later && has_user) {
        return authority.find('@');
    }
    if host_comes_later {
        return Some(end);
    }
    let broken = || broken_escape(authority).or_else(|| broken_escape(behind).map(|offset| end + offset));
    behind.find('#').map(|offset| end + offset).or_else(broken)
}

/// Splits `host:port`. A list of hosts or a percent-encoded separator is refused.
fn split_port(text: &str) -> Result<(&str, Option<&str>), Rule> {
    if text.contains(',') {
        return Err(SEVERAL_HOSTS);
    }
    if text.contains('%') {
        return Err(if text.to_ascii_lowercase().starts_with("%2f") { SOCKET } else { HOST });
    }
    match text.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => Err(BRACKETS),
        Some((host, port)) => parse_port(port).map(|_| (host, Some(port))),
        None => Ok((text, None)),
    }
}

/// The first percent sign that two hexadecimal digits do not follow. libpq refuses it, others leave it as it
/// is.
fn broken_escape(text: &str) -> Option<usize> {
    let is_escape =
        |rest: &[u8]| rest.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    text.match_indices('%')
        .map(|(offset, _)| offset)
        .find(|offset| !is_escape(text.as_bytes().get(offset + 1..).unwrap_or_default()))
}

fn decoded(text: &str) -> Result<SecretText, Rule> {
    const ENCODED: Rule = Rule::fixed("has a percent-encoded character that is none, or a control character");
    // A buffer that grows leaves copies of a password behind, so it has its final size from the start.
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent_decode_str(text));
    let decoded = SecretText::new(String::from_utf8(bytes).map_err(|_| ENCODED)?);
    if decoded.expose().chars().any(char::is_control) { Err(ENCODED) } else { Ok(decoded) }
}
