//! Decides which addresses are public, and which are refused whatever the operator lists.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// IPv4 networks that are not public: the IANA special-purpose registry (RFC 6890), the former class D and E
/// networks, and the host agent of Azure, whose address looks public.
const NOT_PUBLIC_V4: [Ipv4Net; 20] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    v4(255, 255, 255, 255, 32),
];

/// The only public IPv6 addresses are global unicast (RFC 4291 2.4), without [`NOT_PUBLIC_V6`].
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Protocol assignments with Teredo and ORCHID, documentation, 6to4, documentation, AS112.
const NOT_PUBLIC_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
];

/// IPv4 networks that are refused even when the operator lists them: "this network", link-local with the
/// metadata services of most clouds, the metadata services of Alibaba, Azure and Oracle, multicast,
/// broadcast.
const NEVER_V4: [Ipv4Net; 7] = [
    v4(0, 0, 0, 0, 8),
    v4(100, 100, 100, 200, 32),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(192, 0, 0, 192, 32),
    v4(224, 0, 0, 0, 4),
    v4(255, 255, 255, 255, 32),
];

/// IPv6 networks that are refused even when the operator lists them: unspecified, the services of AWS
/// (metadata, DNS, time) and Google's metadata service, link-local, multicast.
const NEVER_V6: [Ipv6Net; 5] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
];

/// IPv6 networks whose addresses contain an IPv4 address that a gateway reaches: NAT64 (RFC 6052, RFC 8215).
const NAT64: [Ipv6Net; 2] =
    [v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48)];
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
const COMPATIBLE: Ipv6Net = v6([0, 0, 0, 0, 0, 0, 0, 0], 96);

/// Whether an address is public, so that no setting of the operator is needed to connect to it.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&ip)),
        IpAddr::V6(ip) => GLOBAL_UNICAST.contains(&ip) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&ip)),
    }
}

/// Whether an address is always refused, even when the operator lists it.
pub(crate) fn is_never(ip: IpAddr) -> bool {
    let never_v4 = |ip: Ipv4Addr| NEVER_V4.iter().any(|net| net.contains(&ip));
    match ip.to_canonical() {
        IpAddr::V4(ip) => never_v4(ip),
        IpAddr::V6(ip) => NEVER_V6.iter().any(|net| net.contains(&ip)) || embedded(ip).is_some_and(never_v4),
    }
}

/// Returns the IPv4 address that a gateway would reach. Addresses like `::1` contain none.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, _, a, b, c, d, .., w, x, y, z] = ip.octets();
    if SIX_TO_FOUR.contains(&ip) {
        return Some(Ipv4Addr::new(a, b, c, d));
    }
    if NAT64.iter().any(|net| net.contains(&ip)) || (COMPATIBLE.contains(&ip) && w != 0) {
        return Some(Ipv4Addr::new(w, x, y, z));
    }
    None
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(s: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = s;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}
