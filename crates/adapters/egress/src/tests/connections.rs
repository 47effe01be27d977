//! Tests of budgets, protected endpoints, the operator's own servers, the order of addresses and the log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hickory_net::proto::op::ResponseCode;
use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, DestinationBudget, TestError, Verdict};
use tokio::time::Instant;

use super::servers::{Door, NameServer, Reply, egress, reach, reach_for, refusal, settings};
use crate::{ConnectError, Destination, Egress, EgressSettings, Purpose, Session};

/// A budget that records the keys that were taken, and refuses those that end in a given text.
#[derive(Default)]
struct Budget {
    taken: Mutex<Vec<String>>,
    used_up: Mutex<Option<TestError>>,
}

#[async_trait]
impl DestinationBudget for Budget {
    async fn take(&self, destination: &str) -> Result<(), TestError> {
        self.taken.lock().unwrap().push(destination.to_owned());
        self.used_up.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

impl Budget {
    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

fn budgeted(egress: Egress) -> (Egress, Arc<Budget>) {
    let budget = Arc::new(Budget::default());
    (egress.with_budget(Arc::clone(&budget) as Arc<dyn DestinationBudget>), budget)
}

#[tokio::test]
async fn a_session_takes_one_test_of_each_address() {
    let door = Door::open("127.0.0.1:0").await;
    let v6 = Door::open("[::1]:0").await;
    let (egress, budget) = budgeted(egress("127.0.0.0/8,::1", None));
    let session = egress.session();
    for host in ["127.0.0.1", "127.1", "::ffff:127.0.0.1"] {
        reach(&session, host, door.port()).await.unwrap();
    }
    reach(&session, "::1", v6.port()).await.unwrap();
    let both = [format!("127.0.0.1:{}", door.port()), format!("::/64:{}", v6.port())];
    assert_eq!(budget.taken(), both);
    reach(&egress.session(), "127.0.0.1", door.port()).await.unwrap();
    assert_eq!(budget.taken().len(), 3, "another session takes another test");
}

#[tokio::test]
async fn a_budget_that_is_used_up_lets_nobody_connect() {
    let door = Door::open("127.0.0.1:0").await;
    let (egress, budget) = budgeted(egress("127.0.0.0/8", None));
    for error in [TestError::DestinationLimit { retry_after: Duration::from_secs(7) }, TestError::Unavailable]
    {
        *budget.used_up.lock().unwrap() = Some(error.clone());
        let refused = reach(&egress.session(), "127.0.0.1", door.port()).await;
        assert_eq!(refused, Err(ConnectError::Budget(error)));
    }
    assert_eq!(door.visitors().await, 0);
}

#[tokio::test]
async fn only_connection_tests_are_counted() {
    let door = Door::open("127.0.0.1:0").await;
    let settings = EgressSettings {
        allow_cidrs: "*=127.0.0.1".into(),
        allow_ports: format!("*={}", door.port()),
        internal_postgresql_hosts: door.address.to_string(),
        ..EgressSettings::default()
    };
    let (egress, budget) = budgeted(Egress::new(&settings).unwrap());
    for purpose in [Purpose::Oauth, Purpose::Jwks, Purpose::Webhook] {
        reach_for(purpose, &egress.session(), "127.0.0.1", door.port()).await.unwrap();
    }
    assert_eq!(budget.taken(), Vec::<String>::new());
    let tests = [Purpose::Sftp, Purpose::Postgres, Purpose::InternalPostgres, Purpose::Http];
    for purpose in tests {
        reach_for(purpose, &egress.session(), "127.0.0.1", door.port()).await.unwrap();
    }
    assert_eq!(budget.taken(), vec![door.address.to_string(); tests.len()]);
}

#[tokio::test]
async fn refused_unknown_closed_and_open_destinations_take_one_test_alike() {
    let server = NameServer::start(|name, _, _| match name {
        "open.example." => Reply::Addresses(vec!["127.0.0.2".parse().unwrap()]),
        "inside.example." => Reply::Addresses(vec!["127.0.0.1".parse().unwrap()]),
        _ => Reply::Code(ResponseCode::NXDomain),
    });
    let server = server.await;
    let door = Door::open("127.0.0.2:0").await;
    let (egress, budget) = budgeted(egress("127.0.0.2,::1", Some(&server)));
    let port = door.port();
    let cases = [
        ("127.0.0.1", port, "127.0.0.1"),
        ("0x7f.1", port, "127.0.0.1"),
        ("fd00::1", port, "fd00::/64"),
        ("LOCALHOST.", port, "localhost"),
        ("db", port, "db"),
        ("inside.example", port, "inside.example"),
        ("Gone.Example.", port, "gone.example"),
        ("open.example", 25, "open.example"),
        ("::1", 1, "::/64"),
    ];
    for (host, port, key) in cases {
        for _ in 0..2 {
            let session = egress.session();
            reach(&session, host, port).await.unwrap_err();
            reach(&session, host, port).await.unwrap_err();
        }
        let key = format!("{key}:{port}");
        assert_eq!(std::mem::take(&mut *budget.taken.lock().unwrap()), [key.clone(), key], "{host}");
    }
    reach(&egress.session(), "open.example", port).await.unwrap();
    assert_eq!(budget.taken(), [format!("open.example:{port}"), format!("127.0.0.2:{port}")]);
}

#[tokio::test]
async fn the_budget_of_the_destination_comes_before_policy_and_resolution() {
    let server = NameServer::saying(&["127.0.0.1"]).await;
    let (egress, budget) = budgeted(egress("127.0.0.0/8", Some(&server)));
    *budget.used_up.lock().unwrap() = Some(TestError::Unavailable);
    for host in ["db.example", "localhost", "10.0.0.1"] {
        let stopped = reach(&egress.session(), host, 5432).await;
        assert_eq!(stopped, Err(ConnectError::Budget(TestError::Unavailable)), "{host}");
    }
    assert_eq!(server.questions(), (0, 0));
    let taken = budget.taken();
    refusal(reach(&egress.session(), "user@host/", 5432).await);
    assert_eq!(budget.taken(), taken, "what is no host is no destination");
}

#[tokio::test]
async fn a_refused_address_is_in_the_log_and_not_in_the_reason() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = NameServer::saying(&["127.0.0.2", "10.20.30.40"]).await;
    let metadata = NameServer::saying(&["fd00:ec2::23"]).await;
    for (server, address) in [(&server, "10.20.30.40"), (&metadata, "fd00:ec2::23")] {
        let session = egress("127.0.0.2", Some(server)).session();
        let reason = refusal(reach(&session, "DB.example.", 5432).await);
        assert!(reason.starts_with("an address of the host is "), "{reason}");
        assert!(!reason.contains(address), "{reason}");
        let line = log.take();
        assert_eq!(line.lines().count(), 1, "{line}");
        for part in [" INFO ", "purpose=\"sftp\"", "host=db.example ", "port=5432 ", address, &reason] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    let session = egress("", None).session();
    refusal(reach(&session, "db", 5432).await);
    assert!(log.take().contains("host=db port=5432 reason="), "no address was asked for");
    refusal(reach(&session, "canary\nhost", 5432).await);
    let line = log.take();
    assert!(line.contains("egress refused") && !line.contains("canary"), "{line}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_connection_test_says_not_reachable_whatever_kept_it_away() {
    let refused = ConnectError::Refused("a".into()).verdict().unwrap();
    let unreachable = ConnectError::Unreachable("b".into()).verdict().unwrap();
    let unresolved = ConnectError::Unresolved("b".into()).verdict().unwrap();
    assert_eq!(unresolved, unreachable);
    assert_eq!(refused.cause, Some(Cause::Policy("a".into())));
    assert_eq!(unreachable.cause, Some(Cause::Network("b".into())));
    for verdict in [refused, unreachable] {
        assert_eq!(Verdict { cause: None, ..verdict }, Verdict::of(TestCode::NotReachable));
    }
    assert_eq!(ConnectError::Budget(TestError::Unavailable).verdict(), Err(TestError::Unavailable));
}

#[tokio::test]
async fn our_own_listener_cannot_be_opened_by_any_setting() {
    let door = Door::open("0.0.0.0:0").await;
    let other = Door::open("127.0.0.1:0").await;
    let everything = || EgressSettings {
        allow_cidrs: "*=0.0.0.0/0,*=::/0".into(),
        allow_hosts: "localhost".into(),
        allow_ports: "*=1-65535".into(),
        internal_postgresql_hosts: format!("127.0.0.1:{0},localhost:{0}", door.port()),
        ..EgressSettings::default()
    };
    for own in ["0.0.0.0", "127.0.0.1", "[::]", "[::1]"] {
        let egress = Egress::new(&everything()).unwrap();
        let clone = egress.clone();
        egress.protect(format!("{own}:{}", door.port()).parse().unwrap());
        for host in ["127.0.0.1", "127.0.0.2", "::1", "localhost", "0x7f.1", "::ffff:127.0.0.1"] {
            let refused = refusal(reach(&clone.session(), host, door.port()).await);
            assert_eq!(refused, "the destination is never allowed", "{host}");
        }
        for host in ["127.0.0.1", "localhost"] {
            let refused = reach_for(Purpose::InternalPostgres, &clone.session(), host, door.port()).await;
            refusal(refused);
        }
        reach(&clone.session(), "127.0.0.1", other.port()).await.unwrap();
    }
    assert_eq!(door.visitors().await, 0);
}

/// The address from which packets to a documentation network would leave. None are sent.
fn own_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().unwrap().ip().to_string())
}

#[tokio::test]
async fn a_store_at_any_own_address_is_refused_at_all_of_them() {
    // Every address of 127.0.0.0/8 belongs to this host, and so does its address on the network.
    let door = Door::open("0.0.0.0:0").await;
    let own: Vec<String> = own_address().into_iter().chain(["127.8.8.8".to_owned()]).collect();
    for protected in &own {
        let egress = egress("0.0.0.0/0,::/0", None);
        reach(&egress.session(), "127.0.0.1", door.port()).await.unwrap();
        egress.protect(format!("{protected}:{}", door.port()).parse().unwrap());
        for host in own.iter().map(String::as_str).chain(["127.0.0.1", "::1"]) {
            let reason = refusal(reach(&egress.session(), host, door.port()).await);
            assert_eq!(reason, "the destination is never allowed", "{protected} {host}");
        }
    }
    assert_eq!(door.visitors().await, own.len());
}

#[tokio::test]
async fn the_own_address_on_the_network_counts_as_our_own() {
    let Some(own) = own_address() else { return };
    let door = Door::open("0.0.0.0:0").await;
    let egress = egress("0.0.0.0/0", None);
    reach(&egress.session(), &own, door.port()).await.unwrap();
    egress.protect(door.address);
    refusal(reach(&egress.session(), &own, door.port()).await);
}

#[tokio::test]
async fn a_protected_endpoint_elsewhere_is_that_endpoint_only() {
    let server = NameServer::saying(&["10.9.9.9"]).await;
    let egress = egress("10.0.0.0/8", Some(&server));
    egress.protect("10.9.9.9:5432".parse().unwrap());
    let reason = refusal(reach(&egress.session(), "alias.example", 5432).await);
    assert_eq!(reason, "the destination is never allowed");
    let door = Door::open("127.0.0.1:0").await;
    let open = Egress::new(&settings("127.0.0.1", None)).unwrap();
    open.protect(format!("10.9.9.9:{}", door.port()).parse().unwrap());
    reach(&open.session(), "127.0.0.1", door.port()).await.unwrap();
}

#[tokio::test]
async fn the_store_is_refused_by_its_name_and_by_the_addresses_behind_it() {
    let door = Door::open("127.0.0.1:0").await;
    let server = NameServer::saying(&["127.0.0.1"]).await;
    let egress = Egress::new(&EgressSettings {
        allow_hosts: "localhost,strongroom-test-store".into(),
        ..settings("127.0.0.0/8,::1", Some(&server))
    });
    let egress = egress.unwrap();
    egress.protect_name("strongroom-test-store.", door.port()).await;
    refusal(reach(&egress.session(), "STRONGROOM-TEST-STORE", door.port()).await);
    assert_eq!(server.questions(), (0, 0), "before anybody is asked");
    reach(&egress.session(), "alias.example", door.port()).await.unwrap();
    egress.protect_name("localhost", door.port()).await;
    refusal(reach(&egress.session(), "alias.example", door.port()).await);
    assert_eq!(door.visitors().await, 1);
}

#[tokio::test]
async fn internal_postgresql_servers_are_compared_by_host_and_port() {
    let server = NameServer::saying(&["127.0.0.1"]).await;
    let door = Door::open("127.0.0.1:0").await;
    let port = door.port();
    let egress = Egress::new(&EgressSettings {
        internal_postgresql_hosts: format!(
            "PG1.corp.internal.:{port},[::ffff:127.0.0.1]:{port},127.0.0.9,pg2"
        ),
        ..settings("", Some(&server))
    });
    let egress = egress.unwrap();
    let purpose = Purpose::InternalPostgres;
    for host in ["pg1.corp.internal", "PG1.CORP.INTERNAL.", "127.0.0.1", "::ffff:7f00:1"] {
        let destination = Destination { purpose, host, port, port_is_fixed: false };
        assert!(egress.session().connect(&destination).await.unwrap().is_listed());
    }
    for (host, port) in [("pg2.corp.internal", port), ("pg1.corp.internal", 5432), ("127.0.0.9", port)] {
        let reason = refusal(reach_for(purpose, &egress.session(), host, port).await);
        assert_eq!(reason, "host and port are not in egress.internal_postgresql_hosts");
    }
    refusal(reach_for(Purpose::Postgres, &egress.session(), "pg1.corp.internal", port).await);
    assert_eq!(door.visitors().await, 4);
}

#[tokio::test]
async fn an_internal_postgresql_server_may_not_resolve_to_a_metadata_service() {
    let server = NameServer::saying(&["169.254.169.254"]).await;
    let egress = Egress::new(&EgressSettings {
        internal_postgresql_hosts: "pg1.corp.example".into(),
        ..settings("", Some(&server))
    });
    let session = egress.unwrap().session();
    let reason = refusal(reach_for(Purpose::InternalPostgres, &session, "pg1.corp.example", 5432).await);
    assert_eq!(reason, "an address of the host is never allowed");
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses_the_connection() {
    let server = NameServer::start(|_, _, _| {
        Reply::Addresses(["127.0.0.3", "127.0.0.4", "127.0.0.2"].map(|ip| ip.parse().unwrap()).to_vec())
    });
    let server = server.await;
    let door = Door::open("127.0.0.2:0").await;
    let (egress, budget) = budgeted(egress("127.0.0.0/8", Some(&server)));
    reach(&egress.session(), "db.example", door.port()).await.unwrap();
    let tried =
        ["db.example", "127.0.0.3", "127.0.0.4", "127.0.0.2"].map(|host| format!("{host}:{}", door.port()));
    assert_eq!(budget.taken(), tried);
    assert_eq!(door.visitors().await, 1);
}

#[tokio::test]
async fn a_silent_address_leaves_time_for_the_next_and_costs_three_seconds_alone() {
    // The queue of this listener is full, so the kernel drops every further SYN.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.3:0".parse().unwrap()).unwrap();
    let silent = silent.listen(0).unwrap();
    let port = silent.local_addr().unwrap().port();
    let door = Door::open(&format!("127.0.0.2:{port}")).await;
    let server = NameServer::saying(&["127.0.0.3", "127.0.0.2"]).await;
    let egress = egress("127.0.0.0/8", Some(&server));
    let session = egress.session();
    let destination = Destination { purpose: Purpose::Sftp, host: "127.0.0.3", port, port_is_fixed: false };
    let filling = session.connect(&destination).await.unwrap();

    let began = Instant::now();
    let next = async {
        let reached = reach(&session, "db.example", port).await;
        (reached, began.elapsed())
    };
    let (alone, (next, next_took)) = tokio::join!(reach(&session, "127.0.0.3", port), next);
    assert_eq!(alone, Err(ConnectError::Unreachable("no connection within 3 s".into())));
    assert_eq!(next, Ok(()));
    assert!(next_took < Duration::from_millis(2_500), "{next_took:?}");
    let took = began.elapsed();
    assert!(Duration::from_millis(2_900) < took && took < Duration::from_millis(3_900), "{took:?}");
    assert_eq!(door.visitors().await, 1);
    drop(filling);
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_not_refused() {
    let door = Door::open("127.0.0.1:0").await;
    let port = door.port();
    drop(door);
    let failed = reach(&egress("127.0.0.1", None).session(), "127.0.0.1", port).await;
    assert_eq!(failed, Err(ConnectError::Unreachable("connection refused".into())));
}

#[test]
fn policies_sessions_and_streams_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync + 'static>() {}
    fn cloned<T: Clone>() {}
    sent_and_shared::<Egress>();
    cloned::<Egress>();
    sent_and_shared::<Session>();
    sent_and_shared::<crate::CheckedStream>();
}
