"""Writes borders.txt: what the egress policy must say of the addresses at every border of its tables.

Run by hand (`python3 borders.py > borders.txt`) when section 3.2 of the security bar changes; the test suite reads the
committed file and needs no Python. It is an implementation of its own: addresses are numbers here, the ranges are
written as the security bar writes them, and what Python's `ipaddress` knows of the IANA registries must agree
except where the bar is stricter, which is listed as well.

A line is `address verdict`: `public` (allowed), `closed` (allowed when listed), `never`.
"""

import ipaddress
import random

V4 = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 168.63.129.16/32""".split()
V6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20 2620:4f:8000::/48".split()
# Inside no table of allowed ranges; their borders are looked at all the same.
V6_ELSEWHERE = """::/128 ::1/128 ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
2000::/3 2001::/32 2001:2::/48 2001:10::/28 2001:20::/28 fd00:ec2::/32 fd20:ce::254/128""".split()
NEVER = """0.0.0.0/8 169.254.0.0/16 168.63.129.16/32 100.100.100.200/32 192.0.0.192/32 224.0.0.0/4
255.255.255.255/32 ::/128 fe80::/10 ff00::/8 fd00:ec2::/32 fd20:ce::254/128""".split()
# Python 3.11 calls these global; the bar does not.
STRICTER = """168.63.129.16/32 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24 224.0.0.0/4
192.0.0.0/24 2001::/23 2002::/16 3fff::/20 2620:4f:8000::/48""".split()


def span(cidr):
    text, bits = cidr.split("/")
    ip = ipaddress.ip_address(text)
    size = 1 << (ip.max_prefixlen - int(bits))
    return ip.version, int(ip), int(ip) + size - 1


def within(ip, cidrs):
    return any(v == ip.version and first <= int(ip) <= last for v, first, last in map(span, cidrs))


def inner(ip):
    """The IPv4 address that an IPv6 address carries to a gateway."""
    number = int(ip)
    if within(ip, ["2002::/16"]):
        return ipaddress.IPv4Address((number >> 80) & 0xFFFFFFFF)
    if within(ip, ["64:ff9b::/96", "64:ff9b:1::/48"]) or (within(ip, ["::/96"]) and number >= 1 << 24):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None


def verdict(ip):
    if ip.version == 6 and (int(ip) >> 32) == 0xFFFF:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    carried = inner(ip) if ip.version == 6 else None
    if within(ip, NEVER) or (carried is not None and within(carried, NEVER)):
        return "never"
    if ip.version == 4:
        public = not within(ip, V4)
    else:
        public = within(ip, ["2000::/3"]) and not within(ip, V6)
    known = ip.is_global and not within(ip, STRICTER) and (ip.version == 4 or within(ip, ["2000::/3"]))
    assert public == known, (ip, public, known)
    return "public" if public else "closed"


def around(cidr):
    version, first, last = span(cidr)
    make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    top = (1 << make(0).max_prefixlen) - 1
    return [make(n) for n in (first - 1, first, first + 1, last - 1, last, last + 1) if 0 <= n <= top]


addresses = []
for cidr in V4 + V6 + V6_ELSEWHERE + NEVER:
    addresses += around(cidr)
random.seed(1918)
addresses += [ipaddress.IPv4Address(random.getrandbits(32)) for _ in range(300)]
for cidr in V6 + V6_ELSEWHERE:
    version, first, last = span(cidr)
    addresses += [ipaddress.IPv6Address(random.randint(first, last)) for _ in range(8)]
for ip in [ip for ip in addresses if ip.version == 4]:
    for prefix in (0xFFFF << 32, 0x64FF9B << 96, 0):
        addresses.append(ipaddress.IPv6Address(prefix | int(ip)))
    addresses.append(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80) | 1))

print("# Written by borders.py, which says what this is.")
for ip in sorted(set(addresses), key=lambda ip: (ip.version, int(ip))):
    print(ip, verdict(ip))
