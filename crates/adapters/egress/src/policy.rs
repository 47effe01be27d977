//! The settings of the operator, parsed and checked once.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net};

use crate::address;
use crate::host::{Host, is_within};
use crate::port;
use crate::purpose::{Opens, Purpose};
use crate::settings::{EgressSettings, EgressSettingsError};

/// The port of a PostgreSQL server that is listed without one.
const POSTGRESQL_PORT: u16 = 5432;
/// The port of a name server that is listed without one.
const DNS_PORT: u16 = 53;

pub(crate) struct Policy {
    networks: Vec<(Opens, IpNet)>,
    hosts: Vec<HostPattern>,
    ports: Vec<(Opens, RangeInclusive<u16>)>,
    internal_postgresql: Vec<(Host, u16)>,
    pub(crate) name_servers: Vec<SocketAddr>,
    pub(crate) plain_http: bool,
}

enum HostPattern {
    Exactly(String),
    Below(String),
}

impl Policy {
    pub(crate) fn parse(settings: &EgressSettings) -> Result<Self, EgressSettingsError> {
        let internal = &settings.internal_postgresql_hosts;
        Ok(Self {
            networks: scoped_entries("allow_cidrs", &settings.allow_cidrs, parse_network)?,
            hosts: entries("allow_hosts", &settings.allow_hosts, parse_pattern)?,
            ports: scoped_entries("allow_ports", &settings.allow_ports, parse_ports)?,
            internal_postgresql: entries("internal_postgresql_hosts", internal, parse_host_and_port)?,
            name_servers: entries("dns", &settings.dns, parse_name_server)?,
            plain_http: settings.plain_http,
        })
    }

    /// Checks whether the form of a name is allowed. Its addresses are checked separately.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), String> {
        let allowed = self.hosts.iter().any(|pattern| pattern.matches(name));
        match Host::refusal(name).filter(|_| !allowed) {
            None => Ok(()),
            Some(reason) => Err(format!("{reason}, and egress.allow_hosts does not list it")),
        }
    }

    /// Checks whether a purpose may use a port. `fixed` says that a catalog file names the port.
    pub(crate) fn check_port(&self, purpose: Purpose, port: u16, fixed: bool) -> Result<(), String> {
        let mut listed = self.ports.iter().filter(|(opens, _)| opens.covers(purpose));
        let allowed = fixed
            || port::is_usual(purpose, port, self.plain_http)
            || listed.any(|(_, range)| range.contains(&port));
        if allowed && port != 0 {
            return Ok(());
        }
        Err(format!("port {port} is not for {}, and egress.allow_ports does not list it", purpose.name()))
    }

    /// Checks whether a purpose may use an address, and returns whether the operator listed it. The reason
    /// does not name the address: organisations read it in their audit trail, and must not learn to what a
    /// name resolves in the operator's network.
    pub(crate) fn check_address(&self, purpose: Purpose, ip: IpAddr) -> Result<bool, String> {
        if address::is_never(ip) {
            return Err("an address of the host is never allowed".into());
        }
        // The host and port of these servers have already been compared with the setting.
        if purpose == Purpose::InternalPostgres {
            return Ok(true);
        }
        let listed = self.networks.iter().any(|(opens, net)| opens.covers(purpose) && net.contains(&ip));
        if listed || address::is_public(ip) {
            return Ok(listed);
        }
        let name = purpose.name();
        Err(format!(
            "an address of the host is not public, and egress.allow_cidrs does not list it for {name}"
        ))
    }

    /// Whether a host and port are one of the operator's own PostgreSQL servers.
    pub(crate) fn is_internal_postgresql(&self, host: &Host, port: u16) -> bool {
        self.internal_postgresql.iter().any(|(known, at)| known == host && *at == port)
    }
}

impl EgressSettings {
    /// Parses all settings.
    ///
    /// # Errors
    /// [`EgressSettingsError`] names the first setting that cannot be read.
    pub fn check(&self) -> Result<(), EgressSettingsError> {
        Policy::parse(self).map(drop)
    }
}

impl HostPattern {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exactly(exact) => name == exact,
            Self::Below(zone) => name != zone && is_within(name, zone),
        }
    }
}

/// Reads a list. An error names the setting, the place of the entry in the list, and the rule.
fn entries<T>(
    key: &'static str,
    list: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, EgressSettingsError> {
    let entries = list.split(',').map(str::trim).enumerate().filter(|(_, entry)| !entry.is_empty());
    let parsed = entries.map(|(index, entry)| {
        parse(entry).map_err(|rule| EgressSettingsError {
            key,
            rule: format!("entry {}, `{entry}`, {rule}", index.saturating_add(1)),
        })
    });
    parsed.collect()
}

/// Reads a list whose entries may begin with a purpose.
fn scoped_entries<T>(
    key: &'static str,
    list: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<(Opens, T)>, EgressSettingsError> {
    entries(key, list, |entry| match entry.split_once('=') {
        None => Ok((Opens::Testers, parse(entry)?)),
        Some((word, rest)) => {
            let opens = Opens::named(word.trim())
                .ok_or_else(|| format!("must begin with {}, or have no `=`", Opens::words()))?;
            Ok((opens, parse(rest.trim())?))
        }
    })
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| "must be a network such as 10.0.0.0/8, or an address")?;
    Ok(canonical(network).trunc())
}

/// Turns a network of IPv4 addresses inside IPv6 ones into an IPv4 network, because addresses are canonical
/// too.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let v4 = v6.network().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    v4.and_then(|(ip, prefix)| Ipv4Net::new(ip, prefix).ok()).map_or(network, IpNet::V4)
}

fn parse_pattern(text: &str) -> Result<HostPattern, String> {
    let (name, below) = text.strip_prefix("*.").map_or((text, false), |zone| (zone, true));
    match Host::parse(name) {
        Ok(Host::Name(name)) if below => Ok(HostPattern::Below(name)),
        Ok(Host::Name(name)) => Ok(HostPattern::Exactly(name)),
        Ok(Host::Ip(_)) => Err("must be a name; addresses go into egress.allow_cidrs".into()),
        Err(_) => Err("must be a name such as db or *.corp.example".into()),
    }
}

fn parse_ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = first.trim().parse::<u16>().ok().zip(last.trim().parse::<u16>().ok());
    match range {
        Some((first, last)) if 0 < first && first <= last => Ok(first..=last),
        _ => Err("must be a port from 1 to 65535, or a range such as 9000-9100".into()),
    }
}

fn parse_name_server(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse::<SocketAddr>();
    let address = address.or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS_PORT)));
    match address {
        Ok(address) if address.port() != 0 => Ok(address),
        _ => Err("must be an address with a port, such as 127.0.0.1:5353 or [::1]:53".into()),
    }
}

fn parse_host_and_port(text: &str) -> Result<(Host, u16), String> {
    let (host, port) = match text.rsplit_once(':') {
        // In a bare IPv6 address the last colon does not separate a port.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
        _ => (text, Some(POSTGRESQL_PORT)),
    };
    match (Host::parse(host), port) {
        (Ok(host), Some(port)) if port != 0 => Ok((host, port)),
        _ => Err("must be a host with or without a port, such as pg1.corp.example:5432".into()),
    }
}
