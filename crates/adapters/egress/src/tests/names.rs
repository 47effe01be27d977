//! Tests of which server is asked for a name, how often, and how the answers are used.

use std::net::IpAddr;
use std::time::Duration;

use hickory_net::proto::op::ResponseCode;
use hickory_net::proto::rr::RecordType;
use tokio::time::Instant;

use super::servers::{Door, NameServer, Reply, egress, reach, refusal, settings};
use crate::system;
use crate::{ConnectError, Egress, EgressSettings};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The address that the policy allows in these tests; it forbids the rest of loopback.
const ALLOWED: &str = "127.0.0.2";

#[tokio::test]
async fn a_session_asks_once_for_each_family_however_often_it_connects() {
    let server = NameServer::saying(&[ALLOWED]).await;
    let door = Door::open("127.0.0.2:0").await;
    let session = egress(ALLOWED, Some(&server)).session();
    for host in ["db.example", "DB.example", "db.example."] {
        reach(&session, host, door.port()).await.unwrap();
    }
    assert_eq!(server.questions(), (1, 1));
    assert_eq!(server.names(), ["db.example."; 2], "as an absolute name");
    assert_eq!(door.visitors().await, 3);
}

#[tokio::test]
async fn sessions_share_no_answers() {
    let server = NameServer::saying(&[ALLOWED]).await;
    let door = Door::open("127.0.0.2:0").await;
    let egress = egress(ALLOWED, Some(&server));
    for _ in 0..3 {
        reach(&egress.session(), "db.example", door.port()).await.unwrap();
    }
    assert_eq!(server.questions(), (3, 3));
}

#[tokio::test]
async fn a_name_that_changes_its_address_after_the_check_is_connected_to_the_checked_one() {
    let server = NameServer::start(|_, kind, before| match (kind, before) {
        (RecordType::A, 0) => Reply::Addresses(vec![ip(ALLOWED)]),
        _ => Reply::Addresses(vec![ip("127.0.0.1")]),
    });
    let server = server.await;
    let (allowed, forbidden) = Door::open_both("127.0.0.2", "127.0.0.1").await;
    let egress = egress(ALLOWED, Some(&server));
    let session = egress.session();
    for _ in 0..3 {
        reach(&session, "rebind.example", allowed.port()).await.unwrap();
    }
    let later = refusal(reach(&egress.session(), "rebind.example", allowed.port()).await);
    assert!(later.starts_with("an address of the host is not public"), "{later}");
    assert_eq!(allowed.visitors().await, 3);
    assert_eq!(forbidden.visitors().await, 0);
}

#[tokio::test]
async fn a_name_that_alternates_never_reaches_the_forbidden_address() {
    let server = NameServer::start(|_, _, before| {
        Reply::Addresses(vec![ip(if before % 2 == 0 { ALLOWED } else { "127.0.0.1" })])
    });
    let server = server.await;
    let (allowed, forbidden) = Door::open_both("127.0.0.2", "127.0.0.1").await;
    let egress = egress(ALLOWED, Some(&server));
    let mut reached = 0;
    for _ in 0..20 {
        reached += usize::from(reach(&egress.session(), "flip.example", allowed.port()).await.is_ok());
    }
    assert_eq!(reached, 10);
    assert_eq!(allowed.visitors().await, 10);
    assert_eq!(forbidden.visitors().await, 0);
}

#[tokio::test]
async fn one_forbidden_address_refuses_the_whole_name() {
    let mixtures: [&'static [&'static str]; 5] = [
        &[ALLOWED, "127.0.0.1"],
        &["127.0.0.1", ALLOWED],
        &[ALLOWED, "::1"],
        &[ALLOWED, "::ffff:127.0.0.1"],
        &[ALLOWED, ALLOWED, ALLOWED, "169.254.169.254"],
    ];
    let door = Door::open("127.0.0.2:0").await;
    for mixture in mixtures {
        let server = NameServer::saying(mixture).await;
        let session = egress(ALLOWED, Some(&server)).session();
        refusal(reach(&session, "mixed.example", door.port()).await);
        refusal(reach(&session, "mixed.example", door.port()).await);
        assert_eq!(server.questions(), (1, 1));
    }
    assert_eq!(door.visitors().await, 0);
}

#[tokio::test]
async fn sixteen_addresses_are_the_most() {
    let server = NameServer::start(|name, kind, _| {
        let count = if name.starts_with("many") { 17 } else { 16 };
        Reply::Addresses(if kind == RecordType::A { vec![ip(ALLOWED); count] } else { Vec::new() })
    });
    let server = server.await;
    let door = Door::open("127.0.0.2:0").await;
    let session = egress(ALLOWED, Some(&server)).session();
    reach(&session, "some.example", door.port()).await.unwrap();
    let reason = refusal(reach(&session, "many.example", door.port()).await);
    assert_eq!(reason, "the name has more than 16 addresses");
}

#[tokio::test]
async fn eight_cname_records_are_the_most_and_none_is_asked_for_anew() {
    let server = NameServer::start(|name, _, _| match name {
        "short.example." => Reply::Chain(8, vec![ip(ALLOWED)]),
        "long.example." => Reply::Chain(9, vec![ip(ALLOWED)]),
        _ => Reply::Chain(2, Vec::new()),
    });
    let server = server.await;
    let door = Door::open("127.0.0.2:0").await;
    let session = egress(ALLOWED, Some(&server)).session();
    reach(&session, "short.example", door.port()).await.unwrap();
    let reason = refusal(reach(&session, "long.example", door.port()).await);
    assert_eq!(reason, "the name has more than 8 CNAME records");
    let dangling = reach(&session, "dangling.example", door.port()).await;
    assert_eq!(dangling, Err(ConnectError::Unresolved("the name has no address".into())));
    assert_eq!(server.questions(), (3, 3));
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_refused_and_not_asked_for_again() {
    let server = NameServer::start(|_, _, _| Reply::Truncated).await;
    let door = Door::open(&server.address.to_string()).await;
    let session = egress(ALLOWED, Some(&server)).session();
    refusal(reach(&session, "large.example", 22).await);
    assert_eq!(server.questions(), (1, 1));
    assert_eq!(door.visitors().await, 0, "nor over TCP");
}

#[tokio::test]
async fn errors_are_not_asked_about_again() {
    for code in [ResponseCode::NXDomain, ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::FormErr]
    {
        let server = NameServer::start(move |_, _, _| Reply::Code(code)).await;
        let session = egress(ALLOWED, Some(&server)).session();
        for _ in 0..2 {
            let failed = reach(&session, "gone.example", 22).await;
            assert!(matches!(failed, Err(ConnectError::Unresolved(_))), "{failed:?}");
        }
        assert_eq!(server.questions(), (1, 1), "{code}");
    }
}

#[tokio::test]
async fn a_server_that_knows_one_family_only_is_enough() {
    let server = NameServer::start(|_, kind, _| match kind {
        RecordType::A => Reply::Addresses(vec![ip(ALLOWED)]),
        _ => Reply::Code(ResponseCode::ServFail),
    });
    let server = server.await;
    let door = Door::open("127.0.0.2:0").await;
    reach(&egress(ALLOWED, Some(&server)).session(), "v4.example", door.port()).await.unwrap();
}

#[tokio::test]
async fn a_silent_server_costs_two_seconds_and_one_question_and_then_the_next_is_asked() {
    let silent = NameServer::start(|_, _, _| Reply::Silence).await;
    let speaking = NameServer::saying(&[ALLOWED]).await;
    let door = Door::open("127.0.0.2:0").await;
    let egress = Egress::new(&EgressSettings {
        dns: format!("{},{}", silent.address, speaking.address),
        ..settings(ALLOWED, None)
    });
    let egress = egress.unwrap();
    let began = Instant::now();
    let failed = reach(&egress.session(), "db.example", door.port()).await;
    assert!(matches!(failed, Err(ConnectError::Unresolved(_))), "{failed:?}");
    assert!(began.elapsed() < Duration::from_millis(2_900), "{:?}", began.elapsed());
    assert_eq!((silent.questions(), speaking.questions()), ((1, 1), (0, 0)));
    reach(&egress.session(), "db.example", door.port()).await.unwrap();
    assert_eq!((silent.questions(), speaking.questions()), ((1, 1), (1, 1)));
}

#[tokio::test]
async fn localhost_is_loopback_and_nobody_is_asked_for_it() {
    let server = NameServer::saying(&["192.0.2.1"]).await;
    let door = Door::open("127.0.0.1:0").await;
    let egress = Egress::new(&EgressSettings {
        allow_hosts: "localhost,*.localhost".into(),
        ..settings("127.0.0.0/8", Some(&server))
    });
    let session = egress.unwrap().session();
    for host in ["localhost", "LOCALHOST.", "a.localhost"] {
        reach(&session, host, door.port()).await.unwrap();
    }
    assert_eq!(server.questions(), (0, 0));
    assert_eq!(door.visitors().await, 3);
}

#[tokio::test]
async fn a_listed_name_without_a_dot_is_asked_for_without_search_domains() {
    let server = NameServer::saying(&[ALLOWED]).await;
    let door = Door::open("127.0.0.2:0").await;
    let name = "strongroom-test-db";
    let egress =
        Egress::new(&EgressSettings { allow_hosts: name.into(), ..settings(ALLOWED, Some(&server)) });
    reach(&egress.unwrap().session(), name, door.port()).await.unwrap();
    assert_eq!(server.names(), ["strongroom-test-db."; 2]);
}

#[tokio::test]
async fn a_listed_name_still_needs_an_allowed_address() {
    let server = NameServer::saying(&["127.0.0.1"]).await;
    let egress = Egress::new(&EgressSettings {
        allow_hosts: "*.corp.internal,localhost".into(),
        ..settings(ALLOWED, Some(&server))
    });
    let session = egress.unwrap().session();
    for host in ["db.corp.internal", "localhost"] {
        let reason = refusal(reach(&session, host, 2222).await);
        assert!(reason.starts_with("an address of the host is not public"), "{reason}");
    }
}

#[tokio::test]
async fn the_hosts_file_is_read() {
    let found = system::hosts_file("localhost".into()).await;
    assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
    assert_eq!(system::hosts_file("strongroom-test-db".into()).await, Vec::<IpAddr>::new());
}

#[test]
fn a_hosts_file_has_several_names_on_a_line_and_several_lines_for_a_name() {
    let hosts = "# 192.0.2.1 db\n\n::1\tother DB. # db2\n10.0.0.1 db\r\n10.0.0.2 xdb db.example\n\
                 10.0.0.3\nfe80::1%lo0 db\n10.0.0.300 db\n10.0.0.4 a b db";
    assert_eq!(system::addresses(hosts, "db"), [ip("10.0.0.1"), ip("10.0.0.4"), ip("::1")]);
    assert_eq!(system::addresses(hosts, "db.example"), [ip("10.0.0.2")]);
    for absent in ["db2", "10.0.0.1", "", "example"] {
        assert_eq!(system::addresses(hosts, absent), Vec::<IpAddr>::new(), "{absent}");
    }
}

#[test]
fn a_policy_made_on_one_runtime_works_on_another() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let servers = runtime();
    let server = servers.block_on(NameServer::saying(&[ALLOWED]));
    let door = servers.block_on(Door::open("127.0.0.2:0"));
    let first = runtime();
    let egress = first.block_on(async {
        let egress = egress(ALLOWED, Some(&server));
        reach(&egress.session(), "db.example", door.port()).await.unwrap();
        egress
    });
    drop(first);
    runtime().block_on(reach(&egress.session(), "db.example", door.port())).unwrap();
    assert_eq!(server.questions(), (2, 2));
}
