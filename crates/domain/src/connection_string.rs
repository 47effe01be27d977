//! A strict parser of PostgreSQL connection strings: `postgres://` URLs and key=value pairs.
//!
//! Tenants write them, so nothing here reads the environment, a file or a service definition, and every
//! key outside a short allow list is refused (security.md 3.6). Syntax: PostgreSQL 15 manual, section
//! 34.1.1.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::secret::SecretText;
use crate::violation::Rule;

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
    /// `sslmode`, when given.
    pub sslmode: Option<String>,
}

const SYNTAX: Rule = Rule::fixed("must be a postgres:// URL or a key=value connection string");
const HOST: Rule = Rule::fixed("must name exactly one host, by name or IP address");
const PORT: Rule = Rule::fixed("must name at most one port, 1 to 65535");
const KEYS: Rule = Rule::fixed(
    "may only set host, port, user, password, dbname, sslmode, connect_timeout and application_name",
);
const REPEATED: Rule = Rule::fixed("must set each key once");
const MISSING: Rule = Rule::fixed("must name a host, a user, a password and a database");

/// The modes of libpq, section 34.19.1.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

impl ConnectionString {
    /// Parses either form. Host, user, password and database must all be there.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.chars().any(char::is_control) || text.trim() != text {
            return Err(Rule::fixed("must not contain control characters, nor white space around it"));
        }
        let pairs = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            url_pairs(text)?
        } else {
            keyword_pairs(text)?
        };
        let mut parsed = Self::default();
        let mut seen = Vec::new();
        for (key, value) in pairs {
            if seen.contains(&key) {
                return Err(REPEATED);
            }
            parsed.set(&key, value)?;
            seen.push(key);
        }
        let has_password = parsed.password.as_ref().is_some_and(|password| !password.is_empty());
        if parsed.host.is_empty() || parsed.username.is_empty() || parsed.database.is_empty() || !has_password
        {
            return Err(MISSING);
        }
        Ok(parsed)
    }

    fn set(&mut self, key: &str, value: SecretText) -> Result<(), Rule> {
        let text = || value.expose().to_owned();
        match key {
            "host" => self.host = parse_host(value.expose())?,
            "port" => self.port = Some(parse_port(value.expose())?),
            "user" => self.username = text(),
            "dbname" => self.database = text(),
            "sslmode" if SSL_MODES.contains(&value.expose()) => self.sslmode = Some(text()),
            "sslmode" => return Err(Rule::fixed("must have a known sslmode")),
            "password" => self.password = Some(value),
            "connect_timeout" if value.expose().parse::<u32>().is_err() => {
                return Err(Rule::fixed("must have a whole number of seconds as connect_timeout"));
            }
            "connect_timeout" | "application_name" => {}
            _ => return Err(KEYS),
        }
        Ok(())
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

fn url_pairs(text: &str) -> Result<Vec<(String, SecretText)>, Rule> {
    // A list of hosts or a percent-encoded separator in the authority is refused before the URL parser
    // could read it in its own way.
    let (_, rest) = text.split_once("://").ok_or(SYNTAX)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host_and_port.contains([',', '%']) || authority.matches('@').count() > 1 {
        return Err(HOST);
    }
    let url = Url::parse(text).map_err(|_| SYNTAX)?;
    if url.fragment().is_some() {
        return Err(SYNTAX);
    }
    let mut pairs = Vec::new();
    let mut push = |key: &str, value: String| pairs.push((key.to_owned(), SecretText::new(value)));
    if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
        push("host", host.to_owned());
    }
    if let Some(port) =
        host_and_port.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'))
    {
        push("port", port.to_owned());
    }
    if !url.username().is_empty() {
        push("user", percent_decoded(url.username())?);
    }
    if let Some(password) = url.password() {
        push("password", percent_decoded(password)?);
    }
    // The path as it was written: a URL parser takes `a/../d` for `d`, which libpq does not.
    let path = rest.strip_prefix(authority).and_then(|rest| rest.split(['?', '#']).next());
    if let Some(database) = path.and_then(|path| path.strip_prefix('/')).filter(|path| !path.is_empty()) {
        push("dbname", percent_decoded(database)?);
    }
    // libpq decodes query values like every other part: `+` is a plus sign, not a space.
    for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or(SYNTAX)?;
        push(&percent_decoded(key)?, percent_decoded(value)?);
    }
    Ok(pairs)
}

/// Decodes a part of the URL. What is no escape is refused, as libpq refuses it; the library would leave it
/// as it is.
fn percent_decoded(text: &str) -> Result<String, Rule> {
    let is_escape =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(is_escape) {
        return Err(SYNTAX);
    }
    // A buffer that grows leaves copies of a password behind, so it has its final size from the start.
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent_decode_str(text));
    let decoded = String::from_utf8(bytes).map_err(|_| SYNTAX)?;
    if decoded.chars().any(char::is_control) { Err(SYNTAX) } else { Ok(decoded) }
}

fn keyword_pairs(text: &str) -> Result<Vec<(String, SecretText)>, Rule> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(SYNTAX)?;
        let key = key.trim_end();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(SYNTAX);
        }
        let (value, after) = keyword_value(after.trim_start())?;
        pairs.push((key.to_owned(), SecretText::new(value)));
        rest = after.trim_start();
    }
    if pairs.is_empty() { Err(SYNTAX) } else { Ok(pairs) }
}

/// Reads one value: bare up to white space, or between single quotes; a backslash takes the next
/// character as it is.
fn keyword_value(text: &str) -> Result<(String, &str), Rule> {
    let (quoted, text) = text.strip_prefix('\'').map_or((false, text), |inner| (true, inner));
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next().ok_or(SYNTAX)?.1),
            '\'' if quoted => {
                let after = text.get(at + 1..).unwrap_or_default();
                let bordered = after.is_empty() || after.starts_with(char::is_whitespace);
                return if bordered { Ok((value, after)) } else { Err(SYNTAX) };
            }
            '\'' => return Err(SYNTAX),
            c if c.is_whitespace() && !quoted => return Ok((value, text.get(at..).unwrap_or_default())),
            c => value.push(c),
        }
    }
    if quoted { Err(SYNTAX) } else { Ok((value, "")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let texts = [
            "postgres://app:p%3A%2Fw+d@db.example.com:6432/sales?sslmode=require",
            "postgresql://app:p%3A%2Fw+d@db.example.com:6432/sales?sslmode=require&application_name=x",
            "host=db.example.com port=6432 user=app password='p:/w+d' dbname = sales sslmode=require",
            r"host=db.example.com port=6432 user=app password=p:\/w+d dbname=sales sslmode=require",
        ];
        for text in texts {
            let parsed = ConnectionString::parse(text).unwrap();
            assert_eq!(parsed.host, "db.example.com");
            assert_eq!(parsed.port, Some(6432));
            assert_eq!((parsed.username.as_str(), parsed.database.as_str()), ("app", "sales"));
            assert_eq!(parsed.password.unwrap().expose(), "p:/w+d");
            assert_eq!(parsed.sslmode.as_deref(), Some("require"));
        }
        let v6 = ConnectionString::parse("postgres://u:p@[2001:db8::1]:5433/d").unwrap();
        assert_eq!((v6.host.as_str(), v6.port), ("2001:db8::1", Some(5433)));
        assert_eq!(ConnectionString::parse("postgres://u:p@[2001:db8::1]/d").unwrap().port, None);
    }

    #[test]
    fn hostile_strings_are_refused() {
        let texts = [
            "",
            "x",
            "mysql://u:p@h/d",
            "postgres://u:p@/d",
            "postgres://u:p@h1,h2/d",
            "postgres://u:p@h1:1,h2:2/d",
            "postgres://u:p@%2Ftmp/d",
            "postgres://u:p@%2Fvar%2Frun/d",
            "postgres://u:p@h/d?host=/tmp",
            "postgres://u:p@h/d?host=other",
            "postgres://u:p@h/d?hostaddr=127.0.0.1",
            "postgres://u:p@h/d?passfile=/etc/x",
            "postgres://u:p@h/d?service=x",
            "postgres://u:p@h/d?sslkey=/etc/x",
            "postgres://u:p@h/d?sslrootcert=/etc/x",
            "postgres://u:p@h/d?sslkeylogfile=/tmp/x",
            "postgres://u:p@h/d?options=-c%20x",
            "postgres://u:p@h/d?sslmode=maybe",
            "postgres://u:p@h/d?target_session_attrs=any",
            "postgres://u:p@h/d?user=other",
            "postgres://u:p@h/d?password=q",
            "postgres://u:p@h/d#f",
            "postgres://u@h/d",
            "postgres://u:@h/d",
            "postgres://h/d",
            "postgres://u:p@h",
            "postgres://u:p@h:0/d",
            "postgres://u:p@h:99999/d",
            "postgres://u:p@h:/d",
            "postgres://u:p@a@h/d",
            "postgres://u:p%0a@h/d",
            "postgres://u:p@h/d%00",
            "postgres://u:p%zz@h/d",
            "host=/tmp user=u password=p dbname=d",
            "host=@abstract user=u password=p dbname=d",
            "host=a,b user=u password=p dbname=d",
            "host=a host=b user=u password=p dbname=d",
            "host=a user=u password=p dbname=d passfile=/x",
            "host=a user=u password=p dbname=d hostaddr=1.2.3.4",
            "host=a user=u dbname=d",
            "user=u password=p dbname=d",
            "host=a user=u password='p dbname=d",
            "host=a user=u password='p'x dbname=d",
            "host=a user=u password=p dbname=d sslcert=/x",
            "host=a user=u password=p dbname=d port=5432,5433",
            "host=a user=u password=p dbname=d port=+1",
            "host=a..b user=u password=p dbname=d",
            "host=-h user=u password=p dbname=d",
            "postgres://u:p@h/d ",
            "postgres://u:p@h/d?connect_timeout=x",
            "HOST=a user=u password=p dbname=d",
            "host=a\nuser=u password=p dbname=d",
        ];
        for text in texts {
            assert!(ConnectionString::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
