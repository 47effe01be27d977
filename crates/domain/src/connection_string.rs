//! A strict parser of PostgreSQL connection strings: `postgres://` URLs and key=value pairs.
//!
//! Tenants write them, so nothing here reads the environment, a file or a service definition. The vault
//! itself uses host, port, user, password, database and `sslmode`. The string is handed to readers as it was
//! given, and their clients obey all of it. So a key passes only when it is on the list of those that reach
//! neither a file, a socket, a service definition nor another host ([`keys`]). Syntax: PostgreSQL 15 manual,
//! section 34.1.1.

mod form;
mod keys;
mod keywords;
#[cfg(test)]
mod tests;
mod url;

use crate::secret::SecretText;
use crate::violation::Rule;
use keys::Meaning;

/// What a connection string says.
#[derive(Debug, Default)]
pub struct ConnectionString {
    /// One host name or IP address.
    pub host: String,
    /// The port, when given.
    pub port: Option<u16>,
    /// The database.
    pub database: String,
    /// The user.
    pub username: String,
    /// The password.
    pub password: Option<SecretText>,
    /// `sslmode`, when given. `no-verify`, which node-postgres knows, is `require` here.
    pub sslmode: Option<String>,
}

const HOST: Rule = Rule::fixed("must name exactly one host, by name or IP address");
const SEVERAL_HOSTS: Rule =
    Rule::fixed("names several hosts; give one, such as the address that always leads to the primary server");
const SOCKET: Rule =
    Rule::fixed("names a socket of the machine that reads it; give a host name or IP address");
const PORT: Rule = Rule::fixed("must name at most one port, 1 to 65535");
const SSL_MODE: Rule =
    Rule::fixed("must have one of disable, allow, prefer, require, verify-ca, verify-full as sslmode");

/// The modes of libpq, section 34.19.1.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// A key and its value, as they were written.
struct Pair {
    key: String,
    value: SecretText,
    /// Whether this can only be a key, and not a part of a password that holds unencoded characters.
    is_sure: bool,
}

impl ConnectionString {
    /// Parses either form. Host, user, password and database must all be there.
    ///
    /// # Errors
    /// The rule that it breaks. It names keys, and the place of a character, counted from 1; never a value.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if let Some(place) = text.chars().position(char::is_control) {
            return Err(at(place + 1, "is a control character, such as a line end; take it out"));
        }
        if text.trim() != text {
            return Err(Rule::fixed("must not have white space around it"));
        }
        let pairs = if form::is_url(text) {
            url::pairs(text)?
        } else if let Some(rule) = form::other(text) {
            return Err(rule);
        } else {
            keywords::pairs(text)?
        };
        let mut parsed = Self::default();
        let mut seen = Vec::new();
        for pair in pairs {
            let is_sure = pair.is_sure;
            let key = parsed.set(pair)?;
            if seen.contains(&key) {
                return Err(named(&key, is_sure, "which must be set once"));
            }
            seen.push(key);
        }
        parsed.check_parts().map(|()| parsed)
    }

    /// Takes what a pair says, and returns its key.
    fn set(&mut self, pair: Pair) -> Result<String, Rule> {
        let Pair { key, value, is_sure } = pair;
        let text = || value.expose().to_owned();
        match key.as_str() {
            "host" => self.host = one_host(value.expose())?,
            "port" => self.port = Some(parse_port(value.expose())?),
            "user" => self.username = text(),
            "dbname" => self.database = text(),
            "sslmode" if value.expose() == "no-verify" => self.sslmode = Some("require".into()),
            "sslmode" if SSL_MODES.contains(&value.expose()) => self.sslmode = Some(text()),
            "sslmode" => return Err(SSL_MODE),
            "password" => self.password = Some(value),
            "connect_timeout" if value.expose().parse::<u32>().is_err() => {
                return Err(Rule::fixed("must have a whole number of seconds as connect_timeout"));
            }
            _ => check_key(&key, value.expose(), is_sure)?,
        }
        Ok(key)
    }

    fn check_parts(&self) -> Result<(), Rule> {
        let password = self.password.as_ref().map_or("", SecretText::expose);
        if form::is_placeholder(password, true) {
            return Err(Rule::fixed("still has a placeholder where the password belongs"));
        }
        if form::is_placeholder(&self.username, false) {
            return Err(Rule::fixed("still has a placeholder where the user belongs"));
        }
        if form::is_placeholder(&self.database, false) {
            return Err(Rule::fixed("still has a placeholder where the database belongs"));
        }
        let parts = [
            ("a host", self.host.as_str()),
            ("a user", &self.username),
            ("a password", password),
            ("a database", &self.database),
        ];
        let missing: Vec<_> =
            parts.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name).collect();
        match missing.as_slice() {
            [] => Ok(()),
            missing => Err(Rule::naming(format!("must name {}, which it does not", missing.join(" and ")))),
        }
    }
}

fn check_key(key: &str, value: &str, is_sure: bool) -> Result<(), Rule> {
    let why = match keys::meaning(key, value) {
        Meaning::Harmless => return Ok(()),
        Meaning::Local => {
            "which names files or programs of the machine that reads it; leave it out (certificates of authorities have a field of their own)"
        }
        Meaning::Elsewhere => "which leads to another server; leave it out",
        Meaning::Unknown => {
            "which is not known here; leave it out, or give host, database, user and password as fields"
        }
    };
    // A key of the lists is a known word, wherever it stands.
    let is_known = matches!(keys::meaning(key, value), Meaning::Local | Meaning::Elsewhere);
    Err(named(key, is_sure || is_known, why))
}

/// A rule that names a key when it cannot be a part of a password.
fn named(key: &str, is_sure: bool, why: &str) -> Rule {
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.len() <= 40
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']'));
    match is_name && is_sure {
        true => Rule::naming(format!("sets {key}, {why}")),
        false => Rule::naming(format!(
            "sets a key, {why}; percent-encode special characters of user name and password, or put them into single quotes in key=value pairs, if it is a part of those"
        )),
    }
}

/// A rule about the character at a place, counted from 1.
fn at(place: usize, what: &str) -> Rule {
    Rule::naming(format!("has a character at position {place} that {what}"))
}

/// A rule about the byte at an offset.
fn at_byte(text: &str, offset: usize, what: &str) -> Rule {
    at(text.char_indices().take_while(|(start, _)| *start < offset).count() + 1, what)
}

fn one_host(text: &str) -> Result<String, Rule> {
    match text {
        _ if text.contains(',') => Err(SEVERAL_HOSTS),
        _ if text.starts_with(['/', '@', '\\']) => Err(SOCKET),
        _ => parse_host(text),
    }
}

/// Checks one host: a name or an IP address, never a socket path, a list or an abstract socket.
pub fn parse_host(text: &str) -> Result<String, Rule> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > 253 || !name.split('.').all(label) {
        return Err(HOST);
    }
    Ok(text.to_owned())
}

fn parse_port(text: &str) -> Result<u16, Rule> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0).ok_or(PORT)
}
