//! Endpoints that no setting opens: the service's own listener and the store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{PoisonError, RwLock};

#[derive(Default)]
pub(crate) struct Protected(RwLock<Endpoints>);

#[derive(Default)]
struct Endpoints {
    addresses: Vec<Address>,
    names: Vec<(String, u16)>,
}

struct Address {
    endpoint: SocketAddr,
    /// Whether it is an address of this host. A listener on one of them may be reachable at every other one.
    is_own: bool,
}

impl Protected {
    pub(crate) fn add(&self, endpoint: SocketAddr) {
        let endpoint = SocketAddr::new(endpoint.ip().to_canonical(), endpoint.port());
        let is_own = is_own(endpoint.ip());
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match all.addresses.iter_mut().find(|known| known.endpoint == endpoint) {
            // The host may have got the address since it was added.
            Some(known) => known.is_own |= is_own,
            None => all.addresses.push(Address { endpoint, is_own }),
        }
    }

    pub(crate) fn add_name(&self, name: String, port: u16) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !all.names.iter().any(|known| known.0 == name && known.1 == port) {
            all.names.push((name, port));
        }
    }

    pub(crate) fn holds_name(&self, name: &str, port: u16) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.names.iter().any(|known| known.0 == name && known.1 == port)
    }

    /// Whether an endpoint is a protected one, or leads to a protected one that is on this host.
    pub(crate) fn holds(&self, endpoint: SocketAddr) -> bool {
        let ip = endpoint.ip().to_canonical();
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut same_port = all.addresses.iter().filter(|known| known.endpoint.port() == endpoint.port());
        same_port.any(|known| known.endpoint.ip() == ip || (known.is_own && is_own(ip)))
    }
}

/// Whether an address is one of this host's. It asks the kernel's routes by connecting a UDP socket, which
/// sends nothing: packets to an address of this host leave from that same address.
fn is_own(ip: IpAddr) -> bool {
    if ip.is_loopback() || ip.is_unspecified() {
        return true;
    }
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let local = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    local.is_ok_and(|local| local.ip() == ip)
}
