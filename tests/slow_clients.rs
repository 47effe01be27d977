//! Clients that send slowly, or do not read what they asked for (security.md, rows 22 and 55): they cost
//! little memory and nobody else's time.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use crate::support::{Character, Client, Server, World, count, on_both_stores};

on_both_stores!(
    clients_that_send_nothing_or_read_nothing_cost_little_memory_and_nobody_elses_time,
    a_page_has_a_mebibyte_and_says_where_the_next_one_begins,
);

const KIB: u64 = 1024;

/// A provider whose credentials have as much public text as fits.
fn with_bulky_provider(world: World, folder: &Path) -> World {
    let mut file = concat!(
        "schema = 1\nid = \"bulky\"\ndisplay_name = \"Bulky\"\ndescription = \"Long public values.\"\n",
        "category = \"other\"\n[[field]]\nname = \"api_key\"\nlabel = \"Key\"\ntype = \"text\"\nsecret = true\n",
        "example = \"key_EXAMPLE\"\n"
    )
    .to_owned();
    for number in 0..8 {
        file += &format!(
            "[[field]]\nname = \"text_{number}\"\nlabel = \"Text\"\ntype = \"text\"\nexample = \"text\"\n"
        );
    }
    file += "[types.api_key]\nrequired = [\"api_key\"]\n[dialects.primary]\n";
    std::fs::write(folder.join("bulky.toml"), file).unwrap();
    world
        .with("STRONGROOM_CATALOG__DIR", &folder.display().to_string())
        .with("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "500")
}

/// Stores so many credentials with 32 KiB of public text each.
async fn store_bulky(client: &Client, amount: usize) {
    let mut fields = Map::from_iter([("api_key".to_owned(), json!("k"))]);
    fields.extend((0..8).map(|number| (format!("text_{number}"), json!("x".repeat(4 * 1024)))));
    let body = json!({ "provider": "bulky", "credential_type": "api_key", "credentials": fields });
    for _ in 0..amount {
        let reply = client.post("/integrations/credentials", body.clone()).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
}

async fn a_page_has_a_mebibyte_and_says_where_the_next_one_begins(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let world = with_bulky_provider(world, folder.path());
    let server = world.setup.start().await;
    let client = server.client(Character::admin_of("acme"));
    store_bulky(&client, 70).await;
    let (mut path, mut lengths) = ("/integrations/credentials?limit=500".to_owned(), Vec::new());
    loop {
        let page = client.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.len() < 1_200 * 1024, "{} bytes", page.text.len());
        lengths.push(page.json().as_array().map_or(0, Vec::len));
        let Some(link) = page.headers.get("link") else { break };
        path = link.to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(lengths.iter().sum::<usize>(), 70, "{lengths:?}");
    assert_eq!(lengths.len(), 3, "{lengths:?}");
    let mut body =
        json!({ "provider": "bulky", "credential_type": "api_key", "credentials": { "api_key": "k" } });
    body["credentials"]["text_0"] = json!("x".repeat(4 * 1024 + 1));
    let refused = client.post("/integrations/credentials", body).await;
    assert_eq!((refused.status, refused.text.contains("at most 4 KiB")), (400, true), "{}", refused.text);
}

async fn clients_that_send_nothing_or_read_nothing_cost_little_memory_and_nobody_elses_time(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let world = with_bulky_provider(world, folder.path());
    let server = world.setup.start().await;
    let evil = server.client(Character::member_of("evil"));
    store_bulky(&evil, 200).await;
    let victim = server.client(Character::service_of("acme", "secrets:read credentials:write"));
    let id = victim.store_sftp("a-password").await;
    let path = format!("/integrations/credentials/{id}/secrets");
    let quiet = percentile_99(reads(&victim, &path, Duration::from_secs(2)).await);
    let idle = resident(&server);

    let address = server.address();
    let (silent, readers) = (count(1_000, 4_000), 200);
    let attack = tokio::task::spawn_blocking(move || {
        let silent: Vec<_> = (0..silent).map(|number| say_little(address, number)).collect();
        let readers: Vec<_> = (0..readers).map(|_| ask_and_do_not_read(address)).collect();
        (silent, readers)
    });
    let (mut most, mut took) = (0, Vec::new());
    let began = Instant::now();
    // Bodies end after 15 seconds, and so do answers that nobody reads.
    while began.elapsed() < Duration::from_secs(u64::try_from(count(6, 25)).unwrap()) {
        took.extend(reads(&victim, &path, Duration::from_secs(1)).await);
        most = most.max(resident(&server));
    }
    let connections = attack.await.unwrap();
    most = most.max(resident(&server));
    let (grown, slowest) = (most.saturating_sub(idle), percentile_99(took));
    eprintln!(
        "{silent} silent connections and {readers} readers that do not read: {grown} KiB above {idle} KiB; p99 of a read {slowest:?}, {quiet:?} before"
    );
    assert!(grown < 64 * KIB, "{grown} KiB above {idle} KiB");
    assert!(slowest < (3 * quiet).max(Duration::from_millis(60)), "{slowest:?}, {quiet:?} before");
    drop(connections);
    let began = Instant::now();
    while evil.get("/integrations/credentials?limit=500").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "the memory of the answers is not given back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How long reads take, one after another.
async fn reads(client: &Client, path: &str, during: Duration) -> Vec<Duration> {
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < during {
        let asked = Instant::now();
        assert_eq!(client.get(path).await.status, 200);
        took.push(asked.elapsed());
    }
    took
}

fn percentile_99(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() * 99 / 100]
}

/// Opens a connection that sends the beginning of a form that anybody may send, or nothing.
#[expect(clippy::disallowed_methods, reason = "a client that no HTTP library is")]
fn say_little(address: SocketAddr, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    if !number.is_multiple_of(4) {
        let head = "POST /integrations/google/callback HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}96\r\n{}\r\n", "x".repeat(0x96)).as_bytes()).unwrap();
    }
    stream
}

/// Asks for a long list, and does not read it.
#[expect(clippy::disallowed_methods, reason = "a client that no HTTP library is")]
fn ask_and_do_not_read(address: SocketAddr) -> TcpStream {
    let (name, value) = Character::member_of("evil").header().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET /integrations/credentials?limit=500 HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The memory of a server that is resident now, in KiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
