//! The caller's address, through trusted proxies only.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use ipnet::{IpNet, Ipv6Net};

/// The error for a text that names no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a list of networks such as 10.0.0.0/8")]
pub struct BadNetwork;

/// The networks of proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads a comma-separated list of CIDRs.
    pub fn parse(text: &str) -> Result<Self, BadNetwork> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| entry.parse().map_err(|_| BadNetwork)).collect::<Result<_, _>>().map(Self)
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

/// Tells whether the peer is on this host and no proxy speaks for it.
pub(crate) fn is_local(request: &HttpRequest) -> bool {
    let loopback = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let forwarded = request
        .headers()
        .keys()
        .any(|name| name.as_str() == "forwarded" || name.as_str().starts_with("x-forwarded-"));
    loopback && !forwarded
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_hops_that_trusted_proxies_added_are_believed() {
        let proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8::/32").unwrap();
        let rows: [(&str, &[&str], &str); 12] = [
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
}
