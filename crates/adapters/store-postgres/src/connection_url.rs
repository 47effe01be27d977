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

/// Limits that the server enforces, sent when a connection starts.
const SESSION: &str = "-c statement_timeout=3s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s \
                       -c default_transaction_isolation=read\\ committed";

/// Splits a URL into what `tokio_postgres` needs and how TLS is used. No error contains a part of the URL.
pub(crate) fn parse(url: &str) -> Result<(Config, TlsMode), OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Url("must begin with postgres://"));
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
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(percent_decoded(value)?)),
            _ => others.push(pair),
        }
    }
    let mut rebuilt = base.to_owned();
    if !others.is_empty() {
        rebuilt.push('?');
        rebuilt.push_str(&others.join("&"));
    }
    // The parser's own error may quote the URL, so it is dropped.
    let mut config = Config::from_str(&rebuilt).map_err(|_| OpenError::Url("cannot be parsed"))?;
    let tls = tls_mode(mode, roots, &config)?;
    config.ssl_mode(if tls == TlsMode::Disable { SslMode::Disable } else { SslMode::Require });
    limit(&mut config);
    Ok((config, tls))
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
            Err(OpenError::Url("has sslrootcert, which needs sslmode=verify-full"))
        }
        (Some("prefer" | "allow"), _) => Err(OpenError::Url(
            "has an sslmode that falls back to plain text; use verify-full, require or disable",
        )),
        (Some(_), _) => Err(OpenError::Url("has an sslmode other than verify-full, require or disable")),
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
    let session = match config.get_options() {
        Some(own) => [own, SESSION].join(" "),
        None => SESSION.to_owned(),
    };
    config.options(session);
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
    const BROKEN: OpenError = OpenError::Url("has a percent sign in sslrootcert that encodes nothing");
    let decoded: Vec<u8> = percent_decode_str(text).collect();
    // A percent sign that encodes nothing stays in the text, so a difference in length reveals it.
    if decoded.len() + 2 * text.matches('%').count() != text.len() {
        return Err(BROKEN);
    }
    String::from_utf8(decoded).map_err(|_| BROKEN)
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
        assert!(config.get_options().unwrap().contains("statement_timeout=3s"));
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
    fn no_error_repeats_the_url() {
        for url in ["mysql://app:canary@h/db", "postgres://app@h:canary/db", "postgres://app@h/db?canary=1"] {
            let error = parse(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("ary"), "{url}");
        }
    }
}
