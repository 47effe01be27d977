//! The host of a destination in its one normal form.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The longest name, in bytes (RFC 1035 2.3.4), without the trailing dot.
const NAME_LIMIT: usize = 253;
/// The longest label, in bytes (RFC 1035 2.3.4).
const LABEL_LIMIT: usize = 63;

/// Names that stand for this host or its surroundings, with every name below them. They come from RFC 6761
/// (`localhost`), RFC 6762 (`local`), RFC 7686 (`onion`), RFC 8375 (`home.arpa`) and ICANN (`internal`);
/// clusters and routers use the others.
const SURROUNDINGS: [&str; 7] =
    ["localhost", "localdomain", "local", "internal", "svc", "home.arpa", "onion"];

/// An address, or a name: ASCII, lower case, without a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    /// An address in canonical form: never an IPv4 address inside an IPv6 one.
    Ip(IpAddr),
    Name(String),
}

impl Host {
    /// Reads a host in any form that a URL may have (WHATWG URL 3.5, RFC 5891), and IPv6 addresses with or
    /// without brackets. The result is what is compared, resolved and verified from then on.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        // More characters could carry more than a host: user names, ports, paths, escapes, zones.
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:[]".contains(c) || !c.is_ascii()) {
            return Err("the host has characters that no host has");
        }
        if text.contains([':', '[', ']']) {
            return Self::parse_v6(text);
        }
        match url::Host::parse(text) {
            Ok(url::Host::Ipv4(ip)) => Ok(Self::Ip(ip.into())),
            Ok(url::Host::Ipv6(ip)) => Ok(Self::Ip(IpAddr::V6(ip).to_canonical())),
            Ok(url::Host::Domain(name)) => Self::parse_name(&name),
            Err(_) => Err("the host is neither a name nor an address"),
        }
    }

    fn parse_v6(text: &str) -> Result<Self, &'static str> {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let ip: Ipv6Addr = inner.parse().map_err(|_| "the host is not an IPv6 address")?;
        Ok(Self::Ip(IpAddr::V6(ip).to_canonical()))
    }

    fn parse_name(name: &str) -> Result<Self, &'static str> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if name.len() > NAME_LIMIT {
            return Err("the host is longer than 253 bytes");
        }
        let is_label = |label: &str| {
            (1..=LABEL_LIMIT).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if !name.split('.').all(is_label) {
            return Err("the host has a part that no name has");
        }
        Ok(Self::Name(name))
    }

    /// Returns why a name is refused by its form alone.
    pub(crate) fn refusal(name: &str) -> Option<&'static str> {
        if SURROUNDINGS.iter().any(|zone| is_within(name, zone)) {
            return Some("the name stands for this host or its surroundings");
        }
        (!name.contains('.')).then_some("the name has no dot")
    }

    /// Whether a name means the loopback addresses whatever name servers say (RFC 6761 6.3).
    pub(crate) fn is_localhost(name: &str) -> bool {
        is_within(name, "localhost")
    }
}

/// The normal form: an address, or letters, digits, dots, hyphens and underscores.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Whether a name is the zone itself or a name below it.
pub(crate) fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
