//! The corpus of spellings of hosts to which no connection may lead.

use super::servers::{Door, NameServer};
use crate::{ConnectError, Destination, Egress, EgressSettings, Purpose};

const CORPUS: &str = include_str!("../../tests/data/ssrf_corpus.txt");

fn corpus() -> Vec<&'static str> {
    CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect()
}

#[tokio::test]
async fn no_spelling_of_a_forbidden_host_leads_anywhere() {
    let hosts = corpus();
    assert!(hosts.len() >= 400, "{}", hosts.len());
    let server = NameServer::saying(&["127.0.0.1", "::1"]).await;
    let (everywhere, v6) = Door::open_both("0.0.0.0", "[::1]").await;
    let settings = EgressSettings { dns: server.address.to_string(), ..EgressSettings::default() };
    let egress = Egress::new(&settings).unwrap();
    for host in hosts {
        for purpose in [Purpose::Sftp, Purpose::Postgres, Purpose::Http, Purpose::Oauth, Purpose::Webhook] {
            let destination = Destination { purpose, host, port: everywhere.port(), port_is_fixed: true };
            match egress.session().connect(&destination).await {
                Err(ConnectError::Refused(_)) => {}
                Err(error) => panic!("{host:?} got past the policy and ended with {error}"),
                Ok(_) => panic!("{host:?} led somewhere"),
            }
        }
    }
    assert_eq!(everywhere.visitors().await, 0);
    assert_eq!(v6.visitors().await, 0);
}

#[tokio::test]
async fn the_same_spellings_are_no_internal_postgresql_server_either() {
    let door = Door::open("127.0.0.1:0").await;
    let settings = EgressSettings {
        internal_postgresql_hosts: format!("pg1.corp.example:{}", door.port()),
        ..EgressSettings::default()
    };
    let egress = Egress::new(&settings).unwrap();
    for host in corpus() {
        let purpose = Purpose::InternalPostgres;
        let destination = Destination { purpose, host, port: door.port(), port_is_fixed: true };
        let refused = egress.session().connect(&destination).await;
        assert!(matches!(refused, Err(ConnectError::Refused(_))), "{host:?}");
    }
    assert_eq!(door.visitors().await, 0);
}

#[tokio::test]
async fn an_address_is_the_same_in_every_spelling_once_it_is_allowed() {
    let door = Door::open("127.0.0.1:0").await;
    let settings = EgressSettings { allow_cidrs: "127.0.0.0/8".into(), ..EgressSettings::default() };
    let egress = Egress::new(&settings).unwrap();
    let spellings =
        ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "127.0.0.1.", "::ffff:127.0.0.1", "１２７。１"];
    for host in spellings {
        let destination =
            Destination { purpose: Purpose::Sftp, host, port: door.port(), port_is_fixed: false };
        let stream = egress.session().connect(&destination).await.unwrap();
        assert!(stream.is_listed(), "{host}");
    }
    assert_eq!(door.visitors().await, spellings.len());
}
