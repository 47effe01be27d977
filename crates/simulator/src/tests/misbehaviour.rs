use std::time::Duration;

use strongroom_domain::CredentialType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::client::{Incoming, bytes, connect, exchange, outgoing};
use super::{World, http_test};
use crate::Marker;

fn request(world: &World, marker: Marker) -> super::client::Outgoing {
    let provider = world.provider("github");
    let credentials = world.simulator.with_marker("github", CredentialType::ApiKey, marker).unwrap();
    outgoing(world.simulator.address(), &provider, &http_test(&provider).unwrap().steps[0], &credentials)
}

async fn answer(world: &World, marker: Marker) -> Incoming {
    exchange(world.simulator.address(), &request(world, marker)).await
}

async fn begin(world: &World, marker: Marker) -> TcpStream {
    let mut stream = connect(world.simulator.address()).await;
    stream.write_all(&bytes(&request(world, marker))).await.unwrap();
    stream
}

#[tokio::test]
async fn limited_says_when_to_come_back_and_broken_says_nothing() {
    let world = World::start().await;
    let limited = answer(&world, Marker::Limited).await;
    assert_eq!((limited.status.as_u16(), limited.headers["retry-after"].as_bytes()), (429, b"30".as_slice()));
    assert_eq!(answer(&world, Marker::Broken).await.status.as_u16(), 503);
}

#[tokio::test]
async fn redirects_lead_to_the_trap_and_to_the_metadata_address() {
    let world = World::start().await;
    let redirect = answer(&world, Marker::Redirect).await;
    let trap = format!("http://{}/", world.simulator.trap_address());
    assert_eq!(
        (redirect.status.as_u16(), redirect.headers["location"].to_str().unwrap()),
        (302, trap.as_str())
    );
    assert_eq!(world.simulator.trap_connections(), 0);
    let mut trapped = connect(world.simulator.trap_address()).await;
    assert_eq!(trapped.read(&mut [0]).await.unwrap_or(0), 0);
    assert_eq!(world.simulator.trap_connections(), 1);
    let metadata = answer(&world, Marker::Metadata).await;
    assert!(metadata.headers["location"].to_str().unwrap().starts_with("http://169.254.169.254/"));
}

#[tokio::test]
async fn garbage_is_neither_json_nor_text() {
    let world = World::start().await;
    let garbage = answer(&world, Marker::Garbage).await;
    assert_eq!(garbage.status.as_u16(), 200);
    assert!(std::str::from_utf8(&garbage.body).is_err());
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.body).is_err());
}

#[tokio::test]
async fn an_endless_body_goes_on_until_the_client_hangs_up() {
    let world = World::start().await;
    let mut stream = begin(&world, Marker::Endless).await;
    let mut read = 0;
    let mut buffer = vec![0; 64 * 1024];
    while read < 8 * 1024 * 1024 {
        let got = timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert_ne!(got, 0, "the body ended");
        read += got;
    }
}

#[tokio::test]
async fn a_slow_answer_takes_a_second_for_each_byte() {
    let world = World::start().await;
    let began = Instant::now();
    let mut stream = begin(&world, Marker::Slow).await;
    let mut bytes = [0; 3];
    timeout(Duration::from_secs(10), stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(&bytes, b"HTT");
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_dropped_simulator_closes_its_connections_and_its_ports() {
    let world = World::start().await;
    let (address, trap) = (world.simulator.address(), world.simulator.trap_address());
    let mut stream = begin(&world, Marker::Slow).await;
    stream.read_exact(&mut [0]).await.unwrap();
    drop(world);
    let ended = timeout(Duration::from_secs(10), async {
        while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
    });
    ended.await.expect("the connection is closed");
    for address in [address, trap] {
        // The port is free again once the task has been taken down.
        let free = timeout(Duration::from_secs(10), async {
            while tokio::net::TcpListener::bind(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        free.await.expect("the port is free");
    }
}
