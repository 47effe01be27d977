//! A test that is dropped leaves no connection open.

use std::sync::Arc;
use std::time::Duration;

use strongroom_provider_tester::{Progress, ProviderTester};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::attempt::{tester, with_password};
use crate::scripted::{Login, Scripted, Sftp};

const SOON: Duration = Duration::from_secs(1);

/// Runs a test until `happens` is ready, and then drops it.
async fn drop_when(port: u16, happens: impl Future<Output = ()>) {
    let tester = tester();
    let progress = Arc::new(Progress::default());
    let test = tester.test(with_password(port, "user", "secret").subject(), progress);
    tokio::select! {
        ended = test => panic!("the test ended by itself: {ended:?}"),
        () = happens => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_dropped_in_the_handshake_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (begun, has_begun) = oneshot::channel();
    let (ended, has_ended) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"SSH-2.0-Silence\r\n").await.unwrap();
        let mut bytes = [0; 4096];
        assert_ne!(socket.read(&mut bytes).await.unwrap(), 0);
        begun.send(()).unwrap();
        while matches!(socket.read(&mut bytes).await, Ok(count) if count > 0) {}
        ended.send(()).ok();
    });
    drop_when(port, async { has_begun.await.unwrap() }).await;
    timeout(SOON, has_ended).await.expect("the connection is closed").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_dropped_in_the_login_closes_its_connection() {
    // The server hangs in the login and does not notice the end of the connection, so this side of it is
    // examined.
    let server = Scripted::start(Login::Silent).await;
    drop_when(server.port(), server.asked()).await;
    assert_eq!(connections_to(server.port()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_dropped_in_the_probe_closes_its_connection() {
    let server = Scripted::with_sftp(Login::Accept, Sftp::Unanswered).await;
    drop_when(server.port(), server.asked()).await;
    timeout(SOON, server.left()).await.expect("the connection is closed");
}

/// The number of connections to a port on loopback that this side has not closed: those in state ESTABLISHED
/// (01).
fn connections_to(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let peer = format!("0100007F:{port:04X}");
    let established = |line: &&str| {
        let mut columns = line.split_whitespace().skip(2);
        columns.next() == Some(peer.as_str()) && columns.next() == Some("01")
    };
    table.lines().filter(established).count()
}
