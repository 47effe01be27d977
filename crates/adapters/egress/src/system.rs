//! Reads the hosts file and the name servers of the system, anew each time.

use std::net::{IpAddr, SocketAddr};

/// The port of every name server in resolv.conf, which cannot name another one.
const DNS_PORT: u16 = 53;

/// Returns the addresses that `/etc/hosts` has for a name, IPv4 first.
pub(crate) async fn hosts_file(name: String) -> Vec<IpAddr> {
    let read = tokio::task::spawn_blocking(move || {
        let text = std::fs::read("/etc/hosts").unwrap_or_default();
        addresses(&String::from_utf8_lossy(&text), &name)
    });
    read.await.unwrap_or_default()
}

/// Returns the name servers of `/etc/resolv.conf` in their order. Entries that cannot be read are left out.
pub(crate) async fn name_servers() -> Vec<SocketAddr> {
    let read = tokio::task::spawn_blocking(|| {
        let text = std::fs::read("/etc/resolv.conf").unwrap_or_default();
        let (system, _) = resolv_conf::Config::parse_with_errors(&text);
        system.nameservers.iter().map(|ip| SocketAddr::new(ip.into(), DNS_PORT)).collect()
    });
    read.await.unwrap_or_default()
}

/// Reads hosts(5): each line has an address and then its names; `#` begins a comment.
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
