use std::net::IpAddr;

use crate::policy::Policy;
use crate::{EgressSettings, Purpose};

const ALL: [Purpose; 6] =
    [Purpose::Sftp, Purpose::Postgres, Purpose::Http, Purpose::Oauth, Purpose::Jwks, Purpose::Webhook];

fn policy(edit: impl Fn(&mut EgressSettings)) -> Policy {
    let mut settings = EgressSettings::default();
    edit(&mut settings);
    Policy::parse(&settings).unwrap()
}

/// The purposes that may use an address.
fn open_for(policy: &Policy, ip: &str) -> Vec<Purpose> {
    let ip: IpAddr = ip.parse().unwrap();
    ALL.into_iter().filter(|purpose| policy.check_address(*purpose, ip).is_ok()).collect()
}

fn ports_for(policy: &Policy, port: u16) -> Vec<Purpose> {
    ALL.into_iter().filter(|purpose| policy.check_port(*purpose, port, false).is_ok()).collect()
}

#[test]
fn a_network_opens_for_the_purposes_it_names() {
    let policy = policy(|settings| {
        settings.allow_cidrs = "10.0.0.0/8, http=127.0.0.0/8 ,*=192.0.2.7,oauth=fd00::/8,".into();
    });
    assert_eq!(open_for(&policy, "10.1.2.3"), [Purpose::Sftp, Purpose::Postgres]);
    assert_eq!(open_for(&policy, "127.0.0.1"), [Purpose::Http]);
    assert_eq!(open_for(&policy, "192.0.2.7"), ALL);
    assert_eq!(open_for(&policy, "192.0.2.8"), []);
    assert_eq!(open_for(&policy, "fd12::1"), [Purpose::Oauth]);
    assert_eq!(open_for(&policy, "2606:4700::1"), ALL, "public addresses need no listing");
}

#[test]
fn an_ipv4_network_written_inside_ipv6_opens_ipv4() {
    let policy = policy(|settings| settings.allow_cidrs = "::ffff:10.0.0.0/104,::ffff:192.0.2.7".into());
    assert_eq!(open_for(&policy, "10.255.0.1"), [Purpose::Sftp, Purpose::Postgres]);
    assert_eq!(open_for(&policy, "11.0.0.1"), ALL, "which is public");
    assert_eq!(open_for(&policy, "192.0.2.7"), [Purpose::Sftp, Purpose::Postgres]);
}

#[test]
fn listing_everything_still_opens_no_metadata_service() {
    let policy = policy(|settings| settings.allow_cidrs = "*=0.0.0.0/0,*=::/0".into());
    assert_eq!(open_for(&policy, "10.0.0.1"), ALL);
    assert_eq!(open_for(&policy, "::1"), ALL);
    for ip in ["169.254.169.254", "fd00:ec2::254", "fe80::1", "0.0.0.0", "::", "255.255.255.255", "ff02::1"] {
        assert_eq!(open_for(&policy, ip), [], "{ip}");
    }
}

#[test]
fn addresses_that_the_operator_listed_are_told_from_public_ones() {
    let policy = policy(|settings| settings.allow_cidrs = "10.0.0.0/8,1.1.1.0/24".into());
    let listed = |ip: &str| policy.check_address(Purpose::Postgres, ip.parse().unwrap()).unwrap();
    assert!(listed("10.0.0.1"));
    assert!(listed("1.1.1.1"), "a public one can be listed as well");
    assert!(!listed("9.9.9.9"));
}

#[test]
fn every_purpose_has_its_usual_ports() {
    let policy = policy(|_| {});
    assert_eq!(ports_for(&policy, 22), [Purpose::Sftp]);
    assert_eq!(ports_for(&policy, 443), [Purpose::Http, Purpose::Oauth, Purpose::Jwks, Purpose::Webhook]);
    for port in [1024, 2222, 5432, 65535] {
        assert_eq!(ports_for(&policy, port), [Purpose::Sftp, Purpose::Postgres], "{port}");
    }
    for port in [0, 1, 21, 23, 53, 80, 111, 1023] {
        assert_eq!(ports_for(&policy, port), [], "{port}");
    }
}

#[test]
fn delicate_ports_are_refused_although_they_are_high() {
    let policy = policy(|_| {});
    for port in
        [25, 465, 587, 110, 143, 993, 995, 6379, 11211, 2375, 2376, 2379, 2380, 6443, 10250, 9200, 27017]
    {
        assert_eq!(ports_for(&policy, port), [], "{port}");
    }
}

#[test]
fn ports_open_by_listing_and_by_catalog_files() {
    let policy = policy(|settings| {
        settings.allow_ports = "http=8443,http=9000-9100,*=21,6379".into();
        settings.plain_http = true;
    });
    assert_eq!(ports_for(&policy, 9000), [Purpose::Sftp, Purpose::Postgres, Purpose::Http]);
    assert_eq!(ports_for(&policy, 9101), [Purpose::Sftp, Purpose::Postgres]);
    assert_eq!(ports_for(&policy, 21), ALL);
    assert_eq!(ports_for(&policy, 6379), [Purpose::Sftp, Purpose::Postgres]);
    assert_eq!(ports_for(&policy, 80), [Purpose::Http, Purpose::Oauth, Purpose::Jwks, Purpose::Webhook]);
    assert!(policy.check_port(Purpose::Http, 9200, true).is_ok(), "a catalog file says so");
    assert!(policy.check_port(Purpose::Http, 0, true).is_err(), "there is no port 0");
}

#[test]
fn listed_names_are_exact_or_whole_zones() {
    let policy = policy(|settings| settings.allow_hosts = "localhost,DB.,*.corp.internal,ünter.local".into());
    for name in
        ["localhost", "db", "a.corp.internal", "a.b.corp.internal", "xn--nter-zra.local", "any.example"]
    {
        assert!(policy.check_name(name).is_ok(), "{name}");
    }
    for name in ["a.localhost", "db2", "corp.internal", "acorp.internal", "other.internal", "x.local"] {
        assert!(policy.check_name(name).is_err(), "{name}");
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_named_with_its_place_and_its_rule() {
    type Edit = fn(&mut EgressSettings, &str);
    let cases: [(&str, Edit, &[&str]); 5] = [
        (
            "allow_cidrs",
            |settings, text| settings.allow_cidrs = text.into(),
            &[
                "10.0.0.0/33",
                "10.0.0",
                "ftp=10.0.0.0/8",
                "http=",
                "internal_postgresql=10.0.0.0/8",
                "db.example",
            ],
        ),
        (
            "allow_hosts",
            |settings, text| settings.allow_hosts = text.into(),
            &["10.0.0.1", "*", "a b", "*.*.x"],
        ),
        (
            "allow_ports",
            |settings, text| settings.allow_ports = text.into(),
            &["0", "65536", "9100-9000", "http", "http=https", "1-2-3", "-1"],
        ),
        (
            "dns",
            |settings, text| settings.dns = text.into(),
            &["ns.example:53", "127.0.0.1:0", "127.0.0.1:x"],
        ),
        (
            "internal_postgresql_hosts",
            |settings, text| settings.internal_postgresql_hosts = text.into(),
            &["pg:0", "pg:x", ":5432", "pg/x", "postgres://pg"],
        ),
    ];
    for (key, edit, entries) in cases {
        for entry in entries {
            let mut settings = EgressSettings::default();
            edit(&mut settings, &format!(" , {entry}"));
            let error = Policy::parse(&settings).err().unwrap_or_else(|| panic!("{key} takes {entry}"));
            assert_eq!(error.key, key);
            let start = format!("entry 2, `{entry}`, must be");
            assert!(error.rule.starts_with(&start), "{}", error.rule);
            if entry.starts_with("ftp=") {
                let words = "sftp=, postgres=, http=, oauth=, jwks=, webhook= or *=";
                assert!(error.rule.ends_with(&format!("must begin with {words}, or have no `=`")), "{error}");
            }
            let text = error.to_string();
            assert!(text.starts_with(&format!("egress.{key} (STRONGROOM_EGRESS__{}) ", key.to_uppercase())));
        }
    }
}

#[test]
fn name_servers_have_the_usual_port_unless_they_say_another() {
    let policy = policy(|settings| settings.dns = "192.0.2.1,[::1]:5353,::1,127.0.0.1:54".into());
    let servers: Vec<String> = policy.name_servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["192.0.2.1:53", "[::1]:5353", "[::1]:53", "127.0.0.1:54"]);
}
