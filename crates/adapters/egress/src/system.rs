//! What the system says of names: its hosts file and its name servers, read anew each time.

use std::net::{IpAddr, SocketAddr};

/// The port that resolv.conf cannot change.
const DNS_PORT: u16 = 53;

/// The addresses that `/etc/hosts` has for a name, IPv4 first.
pub(crate) async fn hosts_file(name: String) -> Vec<IpAddr> {
    let read = tokio::task::spawn_blocking(move || {
        let text = std::fs::read("/etc/hosts").unwrap_or_default();
        addresses(&String::from_utf8_lossy(&text), &name)
    });
    read.await.unwrap_or_default()
}

/// The name servers of `/etc/resolv.conf` in their order. Entries that cannot be read are left out.
pub(crate) async fn name_servers() -> Vec<SocketAddr> {
    let read = tokio::task::spawn_blocking(|| {
        let text = std::fs::read("/etc/resolv.conf").unwrap_or_default();
        let (system, _) = resolv_conf::Config::parse_with_errors(&text);
        system.nameservers.iter().map(|ip| SocketAddr::new(ip.into(), DNS_PORT)).collect()
    });
    read.await.unwrap_or_default()
}

/// Reads hosts(5): an address and then its names on each line; `#` begins a comment.
pub(crate) fn addresses(hosts: &str, name: &str) -> Vec<IpAddr> {
    let matching = hosts.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let ip: IpAddr = words.next()?.parse().ok()?;
        words.any(|known| known.strip_suffix('.').unwrap_or(known).eq_ignore_ascii_case(name)).then_some(ip)
    });
    let mut addresses: Vec<IpAddr> = matching.collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}
