//! The caller's address, through trusted proxies only.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::{Version, header};
use ipnet::{IpNet, Ipv6Net};

/// The error for a text that names no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a list of networks or addresses such as 10.0.0.0/8,192.0.2.7")]
pub struct BadNetwork;

/// The networks of proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads a comma-separated list of networks (CIDR) and addresses, which are networks of their own.
    pub fn parse(text: &str) -> Result<Self, BadNetwork> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| {
            let alone = || entry.parse::<IpAddr>().map(IpNet::from);
            entry.parse::<IpNet>().or_else(|_| alone()).map_err(|_| BadNetwork)
        };
        entries.map(network).collect::<Result<_, _>>().map(Self)
    }

    /// The address that a request came from: the peer, or, while that one is trusted, the hop before it in
    /// `X-Forwarded-For`, from the right.
    pub fn source(&self, request: &HttpRequest) -> Option<IpAddr> {
        let mut source = request.peer_addr()?.ip().to_canonical();
        let forwarded = request.headers().get_all("x-forwarded-for");
        // Hop by hop and as bytes: what a caller puts in front must not hide what the proxy appended.
        let hops: Vec<&[u8]> =
            forwarded.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).collect();
        for hop in hops.iter().rev() {
            if !self.trusts(source) {
                break;
            }
            match address(hop) {
                Some(ip) => source = ip.to_canonical(),
                None => break,
            }
        }
        Some(source)
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }
}

/// Reads an address as proxies write it; some of them add a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|socket| socket.ip());
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bracketed.parse().or_else(|_| with_port()).ok()
}

/// The network that one client is taken to control: an IPv4 address, or a /64 network of IPv6.
pub(crate) fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => Ipv6Net::new_assert(ip, 64).trunc().to_string(),
    }
}

/// Headers that proxies add, apart from `X-Forwarded-…`.
const OF_PROXIES: [&str; 8] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-original-host",
    "x-original-url",
    "cf-connecting-ip",
    "true-client-ip",
];

/// Tells whether the peer is on this host and no proxy speaks for it. A proxy that adds no header is known by
/// the host that it passes on, or by the HTTP/1.0 that nginx speaks unless it is told otherwise.
pub(crate) fn is_local(request: &HttpRequest) -> bool {
    let loopback = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let forwarded = request
        .headers()
        .keys()
        .any(|name| OF_PROXIES.contains(&name.as_str()) || name.as_str().starts_with("x-forwarded-"));
    let is_old = request.version() < Version::HTTP_11;
    loopback && !forwarded && !is_old && names_this_host(request)
}

/// Whether `Host` is a loopback address or `localhost`.
fn names_this_host(request: &HttpRequest) -> bool {
    let Some(host) = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let is_loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    name.eq_ignore_ascii_case("localhost") || address(name.as_bytes()).is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_hops_that_trusted_proxies_added_are_believed() {
        let proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8::/32,203.0.113.9, 2001:db9::9").unwrap();
        let rows: [(&str, &[&str], &str); 15] = [
            ("203.0.113.9", &["198.51.100.7"], "198.51.100.7"),
            ("203.0.113.8", &["198.51.100.7"], "203.0.113.8"),
            ("2001:db9::9", &["198.51.100.7"], "198.51.100.7"),
            ("192.0.2.1", &[], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, 10.0.0.9"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.5", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["\u{ff}, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("10.0.0.1", &["[2001:db9::7]:4711"], "2001:db9::7"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("2001:db8::1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ];
        for (peer, headers, expected) in rows {
            let peer: IpAddr = peer.parse().unwrap();
            let mut request = TestRequest::default().peer_addr((peer, 9).into());
            for header in headers {
                request = request.append_header(("x-forwarded-for", header.as_bytes()));
            }
            let source = proxies.source(&request.to_http_request());
            assert_eq!(source, Some(expected.parse().unwrap()), "{peer} {headers:?}");
        }
        assert!(TrustedProxies::parse("10.0.0.0/33").is_err());
    }

    #[test]
    fn a_peer_of_this_host_is_one_that_no_proxy_speaks_for() {
        let asked = |peer: &str, version, host: &str, header: Option<&str>| {
            let peer: IpAddr = peer.parse().unwrap();
            let mut request = TestRequest::default().peer_addr((peer, 9).into()).version(version);
            request = request.insert_header((header::HOST, host));
            if let Some(name) = header {
                request = request.insert_header((name, "192.0.2.1"));
            }
            is_local(&request.to_http_request())
        };
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:80", "[::1]:8080", "127.9.9.9"] {
            assert!(asked("127.0.0.1", Version::HTTP_11, host, None), "{host}");
        }
        for host in ["vault.example.com", "127.0.0.1.example.com", "192.0.2.1:8080", ""] {
            assert!(!asked("127.0.0.1", Version::HTTP_11, host, None), "{host}");
        }
        for header in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
            assert!(!asked("::1", Version::HTTP_11, "localhost", Some(header)), "{header}");
        }
        assert!(!asked("127.0.0.1", Version::HTTP_10, "127.0.0.1:8080", None), "nginx as it is delivered");
        assert!(!asked("192.0.2.1", Version::HTTP_11, "localhost", None));
    }
}
