//! Reads the operator's connection URL. `tokio_postgres` does not know `verify-full`, so the TLS keys are
//! removed before it reads the rest.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::open_error::OpenError;

/// How the connection is protected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// The connection has no TLS, because the server is on this machine or the operator asked for it.
    Disable,
    /// The connection is encrypted, but any server is accepted.
    Require,
    /// The connection is encrypted, and the certificate is for this host and from a trusted authority.
    VerifyFull {
        /// The PEM file of the only authorities to trust; without it the public ones are trusted.
        roots: Option<PathBuf>,
    },
}

/// What the driver reads besides the parts of the URL, and we.
const KEYS: [&str; 20] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// What the driver knows as `target_session_attrs`.
const TARGETS: [&str; 3] = ["=any", "=read-write", "=read-only"];

const ENCODING: &str = "percent-encode special characters of user name and password (@ is %40, / is %2F, ? is %3F, # is %23, % is %25)";

/// Splits a URL into what `tokio_postgres` needs and how TLS is used. No error contains a part of the URL.
pub(crate) fn parse(url: &str) -> Result<(Config, TlsMode), OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Url("must begin with postgres://".into()));
    }
    // A password may hold a question mark, so the query is searched for after the `@`.
    let behind_user = url.find('@').unwrap_or(0);
    let query_start = url.get(behind_user..).and_then(|rest| rest.find('?')).map(|at| behind_user + at);
    let (base, query) = match query_start.and_then(|at| url.split_at_checked(at)) {
        Some((base, query)) => (base, query.strip_prefix('?').unwrap_or(query)),
        None => (url, ""),
    };
    let (mut mode, mut roots, mut others) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            // The public authorities, as in libpq 16; they are the ones that are trusted without it, too.
            Some(("sslrootcert", "system")) => {}
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(percent_decoded(value)?)),
            _ => others.push(checked(pair)?),
        }
    }
    let mut rebuilt = base.to_owned();
    if !others.is_empty() {
        rebuilt.push('?');
        rebuilt.push_str(&others.join("&"));
    }
    // The parser's own error may quote the URL, so it is dropped.
    let mut config = Config::from_str(&rebuilt).map_err(|_| unreadable(base))?;
    check_hosts(&config)?;
    let tls = tls_mode(mode, roots, &config)?;
    config.ssl_mode(if tls == TlsMode::Disable { SslMode::Disable } else { SslMode::Require });
    limit(&mut config);
    Ok((config, tls))
}

/// Checks the key of a `key=value` pair behind the question mark.
fn checked(pair: &str) -> Result<&str, OpenError> {
    let key = pair.split_once('=').map(|(key, _)| key);
    let advice = match key {
        Some(
            "connect_timeout"
            | "keepalives_idle"
            | "keepalives_interval"
            | "keepalives_retries"
            | "tcp_user_timeout",
        ) if pair.split_once('=').is_none_or(|(_, value)| value.parse::<u32>().is_err()) => {
            "has a number of seconds behind the question mark that is none"
        }
        Some("target_session_attrs") if !TARGETS.iter().any(|known| pair.ends_with(known)) => {
            "must have any, read-write or read-only as target_session_attrs"
        }
        Some(key) if KEYS.contains(&key) => return Ok(pair),
        Some("ssl" | "tls") => {
            "sets ssl, which is not known here: write sslmode=verify-full, require or disable"
        }
        Some("schema" | "search_path" | "currentSchema") => {
            "sets a schema, which is not known here: write options=-c%20search_path%3DNAME, or give it to the role (ALTER ROLE … SET search_path)"
        }
        Some("pgbouncer") => {
            "sets pgbouncer, which is not known here: leave it out, and name a pool in session mode or the server itself"
        }
        Some("sslcert" | "sslkey" | "sslpassword") => {
            "sets a certificate for the client, which is not supported: log in with a password"
        }
        Some(
            "sslcrl" | "sslcrldir" | "passfile" | "service" | "servicefile" | "gssencmode" | "krbsrvname",
        ) => {
            "sets a key of libpq that is not supported (files beside sslrootcert, services, Kerberos): leave it out"
        }
        _ => {
            let keys = KEYS.join(", ");
            let text =
                format!("sets a key behind the question mark that is not one of {keys}. {IN_PASSWORD}");
            return Err(OpenError::Url(text.into()));
        }
    };
    Err(OpenError::Url(advice.into()))
}

const IN_PASSWORD: &str = "If the question mark belongs to user name or password, write %3F";

/// Says which part of a URL the driver cannot read. Its own error may quote the URL.
fn unreadable(base: &str) -> OpenError {
    let (_, rest) = base.split_once("://").unwrap_or(("", base));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let hosts = place.split('/').next().unwrap_or_default();
    if !hosts.contains('[') && hosts.matches(':').count() > 1 && !hosts.contains(',') {
        return OpenError::Url("must have an IPv6 address in square brackets, as in postgres://user:password@[2001:db8::1]:5432/database".into());
    }
    let is_port = |host: &str| match host.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((_, port)) => port.parse::<u16>().is_ok(),
        None => true,
    };
    OpenError::Url(if !hosts.split(',').all(is_port) {
        format!("has a port that is none of 1 to 65535, or a password with a special character: {ENCODING}")
            .into()
    } else {
        format!("cannot be read; it has the form postgres://user:password@host:5432/database: {ENCODING}")
            .into()
    })
}

/// Refuses a host that can only be the end of a password.
fn check_hosts(config: &Config) -> Result<(), OpenError> {
    let is_cut = config.get_hosts().iter().any(|host| match host {
        Host::Tcp(name) => name.contains(['@', '#', '?', ' ', '%', ':']) && name.parse::<IpAddr>().is_err(),
        #[cfg(unix)]
        Host::Unix(_) => false,
    });
    match is_cut {
        true => Err(OpenError::Url(format!("has a special character before its host: {ENCODING}").into())),
        false => Ok(()),
    }
}

/// The hosts (names and addresses) and ports that a connection URL names. It is empty when the URL cannot be
/// parsed, which opening reports. A server behind a Unix socket is on this host and usually listens on
/// loopback too, so 127.0.0.1 stands for it.
pub fn endpoints(url: &str) -> Vec<(String, u16)> {
    let Ok((config, _)) = parse(url) else { return Vec::new() };
    let names = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(_) => Ipv4Addr::LOCALHOST.to_string(),
    });
    let hosts: Vec<String> = names.chain(config.get_hostaddrs().iter().map(IpAddr::to_string)).collect();
    let ports = if config.get_ports().is_empty() { &[5432][..] } else { config.get_ports() };
    hosts.iter().flat_map(|host| ports.iter().map(|port| (host.clone(), *port))).collect()
}

fn tls_mode(mode: Option<&str>, roots: Option<PathBuf>, config: &Config) -> Result<TlsMode, OpenError> {
    match (mode, roots) {
        (Some("verify-full"), roots) => Ok(TlsMode::VerifyFull { roots }),
        (Some("require"), None) => Ok(TlsMode::Require),
        (Some("disable"), None) => Ok(TlsMode::Disable),
        (Some("require" | "disable"), Some(_)) => {
            Err(OpenError::Url("has sslrootcert, which needs sslmode=verify-full".into()))
        }
        (Some("prefer" | "allow"), _) => Err(OpenError::Url(
            "has an sslmode that falls back to plain text; use verify-full, require or disable".into(),
        )),
        (Some(_), _) => {
            Err(OpenError::Url("has an sslmode other than verify-full, require or disable".into()))
        }
        (None, None) if is_local(config) => Ok(TlsMode::Disable),
        (None, roots) => Ok(TlsMode::VerifyFull { roots }),
    }
}

fn is_local(config: &Config) -> bool {
    let local_host = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(local_host) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn limit(config: &mut Config) {
    if config.get_application_name().is_none() {
        config.application_name("strongroom");
    }
    // When there are several hosts, the first may be away; the pool's limit of 5 s is for all of them
    // together.
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(2));
    }
    // A peer that disappeared without closing is given up after the time that a statement may take.
    config.tcp_user_timeout(Duration::from_secs(3));
    config.keepalives_idle(Duration::from_secs(10));
}

fn percent_decoded(text: &str) -> Result<String, OpenError> {
    let broken = || OpenError::Url("has a percent sign in sslrootcert that encodes nothing".into());
    let decoded: Vec<u8> = percent_decode_str(text).collect();
    // A percent sign that encodes nothing stays in the text, so a difference in length reveals it.
    if decoded.len() + 2 * text.matches('%').count() != text.len() {
        return Err(broken());
    }
    String::from_utf8(decoded).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn mode(url: &str) -> TlsMode {
        parse(url).unwrap().1
    }

    #[test]
    fn without_sslmode_only_this_machine_goes_without_tls() {
        for local in ["localhost", "127.0.0.1", "127.8.8.8:5433", "[::1]", "%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://app@{local}/app")), TlsMode::Disable, "{local}");
        }
        for remote in ["db.example.test", "10.0.0.1", "localhost.example.test", "localhost,db.example.test"] {
            assert_eq!(
                mode(&format!("postgres://app@{remote}/app")),
                TlsMode::VerifyFull { roots: None },
                "{remote}"
            );
        }
        assert_eq!(
            mode("postgres://app@localhost/app?hostaddr=10.0.0.1"),
            TlsMode::VerifyFull { roots: None }
        );
    }

    #[test]
    fn endpoints_are_every_host_and_port_and_a_socket_is_on_this_host() {
        let cases: [(&str, &[(&str, u16)]); 5] = [
            ("db.example.test", &[("db.example.test", 5432)]),
            ("%2Frun%2Fpostgresql", &[("127.0.0.1", 5432)]),
            ("%2Frun%2Fpostgresql:5433", &[("127.0.0.1", 5433)]),
            ("a.example.test:1,[::1]:1", &[("::1", 1), ("a.example.test", 1)]),
            ("", &[]),
        ];
        for (hosts, expected) in cases {
            let found = endpoints(&format!("postgres://app@{hosts}/app"));
            let found: BTreeSet<(&str, u16)> =
                found.iter().map(|(host, port)| (host.as_str(), *port)).collect();
            assert!(found.iter().eq(expected), "{hosts}: {found:?}");
        }
        assert_eq!(endpoints("postgres:///app?host=/tmp&port=6"), [("127.0.0.1".to_owned(), 6)]);
        assert_eq!(endpoints("not a url"), []);
    }

    #[test]
    fn the_tls_keys_are_taken_out_and_the_others_stay() {
        let url = "postgresql://app:p?w%40@db.example.test/app?sslmode=verify-full&application_name=x&sslrootcert=%2Fetc%2Fca+1.pem";
        let (config, tls) = parse(url).unwrap();
        assert_eq!(tls, TlsMode::VerifyFull { roots: Some("/etc/ca+1.pem".into()) });
        assert_eq!(config.get_application_name(), Some("x"));
        assert_eq!(config.get_password(), Some(b"p?w@".as_slice()));
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn other_modes_are_refused_with_the_reason() {
        for (query, reason) in [
            ("sslmode=prefer", "plain text"),
            ("sslmode=allow", "plain text"),
            ("sslmode=verify-ca", "other than"),
            ("sslmode=require&sslrootcert=/ca.pem", "needs sslmode=verify-full"),
            ("sslmode=verify-full&sslrootcert=%2", "percent"),
        ] {
            let error = parse(&format!("postgres://app@db.example.test/app?{query}")).unwrap_err();
            assert!(error.to_string().contains(reason), "{query}: {error}");
        }
    }

    #[test]
    fn an_error_says_which_part_is_wrong_and_how_to_write_it() {
        for (url, words) in [
            ("postgres://app:p@w@db.example.test/app", "%40"),
            ("postgres://a%ffb:pw@db.example.test/app", "cannot be read"),
            ("postgres://app:pw@db.example.test:54x/app", "has a port"),
            ("postgres://app:p#w:x@db.example.test:port/app", "%23"),
            ("postgres://app:pw@db.example.test/app?ssl=true", "write sslmode=verify-full"),
            ("postgres://app:pw@db.example.test/app?schema=vault", "search_path"),
            ("postgres://app:pw@db.example.test/app?pgbouncer=true", "session mode"),
            ("postgres://app:pw@db.example.test/app?sslkey=/k", "certificate for the client"),
            ("postgres://app:pw@db.example.test/app?colour=blue", "not one of application_name"),
            ("postgres:app:pw@db.example.test/app", "must begin with postgres://"),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.contains(words), "{url}: {error}");
        }
    }

    #[test]
    fn a_password_up_to_the_host_is_taken_as_it_was_written() {
        for password in ["p#w", "p?w", "p/w", "p?w=x", "p:w", "p%w"] {
            let (config, _) = parse(&format!("postgres://app:{password}@db.example.test/app")).unwrap();
            assert_eq!(config.get_password(), Some(password.as_bytes()));
            assert_eq!(config.get_hosts(), [Host::Tcp("db.example.test".into())], "{password}");
        }
    }

    #[test]
    fn no_error_repeats_the_url() {
        for url in ["mysql://app:canary@h/db", "postgres://app@h:canary/db", "postgres://app@h/db?canary=1"] {
            let error = parse(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("ary"), "{url}");
        }
    }
}
