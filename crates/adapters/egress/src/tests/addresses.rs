use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::{any, prop_assert_eq, proptest};

use crate::address::{is_never, is_public};

/// Addresses at every border of the tables, computed by another implementation (`tests/data/borders.py`).
const BORDERS: &str = include_str!("../../tests/data/borders.txt");

fn verdict(ip: IpAddr) -> &'static str {
    match (is_public(ip), is_never(ip)) {
        (true, false) => "public",
        (false, false) => "closed",
        (false, true) => "never",
        (true, true) => panic!("{ip} is public and never allowed"),
    }
}

#[test]
fn every_border_of_every_range_is_where_another_implementation_puts_it() {
    let lines: Vec<&str> = BORDERS.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() > 2_000, "the fixture is whole");
    for line in lines {
        let (ip, expected) = line.split_once(' ').unwrap();
        let ip: IpAddr = ip.parse().unwrap();
        assert_eq!(verdict(ip), expected, "{ip}");
    }
}

#[test]
fn metadata_services_are_never_allowed() {
    for ip in [
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff",
        "fd20:ce::254",
        "fe80::a9fe:a9fe",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
    ] {
        assert!(is_never(ip.parse().unwrap()), "{ip}");
    }
}

proptest! {
    #[test]
    fn ipv4_addresses_are_judged_as_ranges_of_numbers_judge_them(number in any::<u32>()) {
        // First and last address of every range, as numbers.
        let closed = [
            (0x0000_0000, 0x00ff_ffff), (0x0a00_0000, 0x0aff_ffff), (0x6440_0000, 0x647f_ffff),
            (0x7f00_0000, 0x7fff_ffff), (0xa83f_8110, 0xa83f_8110), (0xa9fe_0000, 0xa9fe_ffff),
            (0xac10_0000, 0xac1f_ffff), (0xc000_0000, 0xc000_00ff), (0xc000_0200, 0xc000_02ff),
            (0xc01f_c400, 0xc01f_c4ff), (0xc034_c100, 0xc034_c1ff), (0xc058_6300, 0xc058_63ff),
            (0xc0a8_0000, 0xc0a8_ffff), (0xc0af_3000, 0xc0af_30ff), (0xc612_0000, 0xc613_ffff),
            (0xc633_6400, 0xc633_64ff), (0xcb00_7100, 0xcb00_71ff), (0xe000_0000, 0xffff_ffff),
        ];
        let ip = Ipv4Addr::from_bits(number);
        let public = !closed.iter().any(|(first, last)| (*first..=*last).contains(&number));
        prop_assert_eq!(is_public(ip.into()), public);
        prop_assert_eq!(is_public(ip.to_ipv6_mapped().into()), public);
    }

    #[test]
    fn no_address_is_public_and_never_allowed(number in any::<u128>()) {
        verdict(IpAddr::V6(number.into()));
    }
}
