//! Tests of hostile servers. Each of them must end in time, with a verdict, in bounded memory.

use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use strongroom_domain::TestCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::attempt::{Outcome, with_password};
use crate::scripted::{Ask, Login, Scripted, Sftp, packet};

/// The longest time a test may take, which is the caller's limit.
const LIMIT: Duration = Duration::from_secs(10);
/// How much memory all tests of this file may use together when they run at the same time.
const MAX_GROWTH_KIB: usize = 32 * 1024;

const PASSWORD: &str = "canary-5f1c";

const HELLO: &[u8] = b"SSH-2.0-Hostile\r\n";

type Behaviour = fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a server that treats every connection in this way.
async fn raw(behaviour: Behaviour) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(behaviour(socket));
        }
    });
    port
}

/// Sends these bytes and then nothing more, without closing.
async fn say(mut socket: TcpStream, words: Vec<u8>) {
    socket.write_all(&words).await.ok();
    pending::<()>().await;
}

/// Sends the first bytes once, and then the second ones again and again for ever.
async fn say_for_ever(mut socket: TcpStream, first: Vec<u8>, then: Vec<u8>, pause: Duration) {
    socket.write_all(&first).await.ok();
    while socket.write_all(&then).await.is_ok() {
        tokio::time::sleep(pause).await;
    }
}

/// Sends these bytes, reads one byte, and closes.
async fn say_and_leave(mut socket: TcpStream, words: Vec<u8>) {
    socket.write_all(&words).await.ok();
    socket.read_u8().await.ok();
}

/// A packet of the transport before the key exchange (RFC 4253, section 6).
fn clear_packet(payload: &[u8]) -> Vec<u8> {
    let padding = 8 + (8 - (payload.len() + 5) % 8) % 8;
    let length = u32::try_from(payload.len() + padding + 1).unwrap();
    let head = [&length.to_be_bytes()[..], &[u8::try_from(padding).unwrap()]].concat();
    [&head[..], payload, &vec![0; padding]].concat()
}

/// The message SSH_MSG_KEXINIT (RFC 4253, section 7.1).
fn kexinit(kex: &str, key: &str, cipher: &str, mac: &str) -> Vec<u8> {
    let mut payload = [&[20][..], &[9; 16]].concat();
    for list in [kex, key, cipher, cipher, mac, mac, "none", "none", "", ""] {
        payload.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([0; 5]);
    clear_packet(&payload)
}

fn good_kexinit() -> Vec<u8> {
    kexinit("curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256")
}

fn hello_and(more: &[u8]) -> Vec<u8> {
    [HELLO, more].concat()
}

const TRANSPORT: &[(&str, Behaviour, TestCode)] = &[
    ("silent", |s| Box::pin(say(s, vec![])), TestCode::Timeout),
    ("closes at once", |s| Box::pin(async move { drop(s) }), TestCode::ProviderError),
    (
        "endless lines",
        |s| Box::pin(say_for_ever(s, vec![], b"welcome\r\n".repeat(1000), Duration::ZERO)),
        TestCode::ProviderError,
    ),
    (
        "an endless line",
        |s| Box::pin(say_for_ever(s, vec![], vec![b'a'; 65536], Duration::ZERO)),
        TestCode::ProviderError,
    ),
    ("garbage", |s| Box::pin(say(s, vec![0; 4096])), TestCode::ProviderError),
    (
        "http",
        |s| Box::pin(say_and_leave(s, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec())),
        TestCode::ProviderError,
    ),
    ("ssh 1", |s| Box::pin(say_and_leave(s, b"SSH-1.5-old\r\n".to_vec())), TestCode::ProviderError),
    (
        "a drip of letters",
        |s| Box::pin(say_for_ever(s, vec![], b"S".to_vec(), Duration::from_millis(200))),
        TestCode::ProviderError,
    ),
    ("only an identification", |s| Box::pin(say(s, HELLO.to_vec())), TestCode::Timeout),
    ("an identification and away", |s| Box::pin(say_and_leave(s, HELLO.to_vec())), TestCode::ProviderError),
    ("a packet of 4 GiB", |s| Box::pin(say(s, hello_and(&[0xff; 64]))), TestCode::ProviderError),
    ("a packet of no bytes", |s| Box::pin(say(s, hello_and(&[0; 64]))), TestCode::ProviderError),
    (
        "a packet that never ends",
        |s| Box::pin(say_for_ever(s, hello_and(&[0, 3, 0, 0, 8]), vec![0], Duration::from_millis(50))),
        TestCode::Timeout,
    ),
    ("only a key exchange offer", |s| Box::pin(say(s, hello_and(&good_kexinit()))), TestCode::Timeout),
    (
        "a key exchange offer and away",
        |s| Box::pin(say_and_leave(s, hello_and(&good_kexinit()))),
        TestCode::ProviderError,
    ),
    (
        "a huge key exchange offer",
        |s| Box::pin(say(s, hello_and(&kexinit(&"x,".repeat(100_000), "a", "b", "c")))),
        TestCode::ProviderError,
    ),
    (
        "a key exchange offer beyond all sizes",
        |s| Box::pin(say(s, hello_and(&kexinit(&"x,".repeat(400_000), "a", "b", "c")))),
        TestCode::ProviderError,
    ),
    (
        "a list that is longer than its packet",
        |s| {
            let payload = [&[20][..], &[9; 16], &[0xff; 8]].concat();
            Box::pin(say(s, hello_and(&clear_packet(&payload))))
        },
        TestCode::ProviderError,
    ),
    (
        "a key of no meaning",
        |s| {
            let reply = clear_packet(&[&[31][..], &[0, 0, 0, 4, 1, 2, 3, 4].repeat(3)].concat());
            Box::pin(say(s, hello_and(&[good_kexinit(), reply].concat())))
        },
        TestCode::ProviderError,
    ),
    (
        "endless packets to ignore",
        |s| {
            let ignore = clear_packet(&[&[2, 0, 0, 0x10, 0][..], &[0; 4096]].concat());
            Box::pin(say_for_ever(s, HELLO.to_vec(), ignore, Duration::ZERO))
        },
        TestCode::ProviderError,
    ),
    (
        "only endless offers",
        |s| Box::pin(say_for_ever(s, HELLO.to_vec(), good_kexinit(), Duration::ZERO)),
        TestCode::ProviderError,
    ),
    (
        "a login before the keys",
        |s| Box::pin(say(s, hello_and(&[good_kexinit(), clear_packet(&[52])].concat()))),
        TestCode::Timeout,
    ),
];

fn version() -> Vec<u8> {
    packet(2, &[0, 0, 0, 3])
}

/// The message SSH_FXP_NAME with as many names as fit into a packet, and a count of 4 billion.
fn endless_names(kind: u8, id: u32) -> Vec<u8> {
    if kind == 1 {
        return version();
    }
    let name = [&[0, 0, 0, 1, b'a'][..], &[0, 0, 0, 1, b'a'], &[0; 4]].concat();
    packet(104, &[&id.to_be_bytes()[..], &[0xff; 4], &name.repeat(4000)].concat())
}

/// The message SSH_FXP_STATUS.
fn status(id: u32, code: u32) -> Vec<u8> {
    packet(101, &[&id.to_be_bytes()[..], &code.to_be_bytes(), &[0; 8]].concat())
}

type Script = fn() -> (Login, Sftp);

const SESSIONS: &[(&str, Script, TestCode)] = &[
    ("never judges the password", || (Login::Silent, Sftp::Unanswered), TestCode::Timeout),
    ("hangs up in the login", || (Login::HangUp, Sftp::Unanswered), TestCode::ProviderError),
    ("tells a long story", || (Login::Talk, Sftp::Answers(working)), TestCode::Ok),
    (
        "asks for ever",
        || (Login::Keyboard(vec![Ask::nothing(); 500]), Sftp::Unanswered),
        TestCode::ProviderError,
    ),
    ("never starts sftp", || (Login::Accept, Sftp::Unanswered), TestCode::Timeout),
    ("starts sftp and is silent", || (Login::Accept, Sftp::Says(vec![])), TestCode::Timeout),
    (
        "prints a greeting",
        || (Login::Accept, Sftp::Says(b"Welcome to the machine\n".to_vec())),
        TestCode::Insufficient,
    ),
    ("sftp packet of 4 GiB", || (Login::Accept, Sftp::Says(vec![0xff; 64])), TestCode::Insufficient),
    ("sftp packet of no bytes", || (Login::Accept, Sftp::Says(vec![0; 64])), TestCode::Insufficient),
    (
        "an extension of 4 GiB",
        || (Login::Accept, Sftp::Says(packet(2, &[&[0, 0, 0, 3][..], &[0xff; 64]].concat()))),
        TestCode::Insufficient,
    ),
    ("versions for ever", || (Login::Accept, Sftp::Repeats(version().repeat(100))), TestCode::ProviderError),
    (
        "answers to nobody for ever",
        || (Login::Accept, Sftp::Repeats([version(), status(u32::MAX, 0).repeat(2000)].concat())),
        TestCode::ProviderError,
    ),
    ("noise for ever", || (Login::Accept, Sftp::Repeats(vec![b'x'; 32768])), TestCode::Insufficient),
    ("names without end", || (Login::Accept, Sftp::Answers(endless_names)), TestCode::ProviderError),
    (
        "statuses that do not exist",
        || (Login::Accept, Sftp::Answers(|kind, id| if kind == 1 { version() } else { status(id, 4711) })),
        TestCode::ProviderError,
    ),
    (
        "success in place of answers",
        || (Login::Accept, Sftp::Answers(|kind, id| if kind == 1 { version() } else { status(id, 0) })),
        TestCode::Insufficient,
    ),
    (
        "answers of the wrong kind",
        || (Login::Accept, Sftp::Answers(|kind, id| if kind == 1 { version() } else { handle(id, 8) })),
        TestCode::ProviderError,
    ),
    ("opens channels to us", || (Login::Accept, Sftp::OpensChannels), TestCode::Ok),
];

/// The message SSH_FXP_HANDLE with a handle of this length.
fn handle(id: u32, length: usize) -> Vec<u8> {
    let size = u32::try_from(length).unwrap().to_be_bytes();
    packet(102, &[&id.to_be_bytes()[..], &size, &vec![b'h'; length]].concat())
}

/// Answers every request as a correct server does.
fn working(kind: u8, id: u32) -> Vec<u8> {
    match kind {
        1 => version(),
        16 => packet(104, &[&id.to_be_bytes()[..], &[0, 0, 0, 1, 0, 0, 0, 1, b'/'], &[0; 8]].concat()),
        17 => packet(105, &[&id.to_be_bytes()[..], &[0; 4]].concat()),
        _ => status(id, 0),
    }
}

/// Answers with handles of 60 KB, and with bytes that were never written.
fn huge_handles(kind: u8, id: u32) -> Vec<u8> {
    match kind {
        3 => handle(id, 60_000),
        5 => packet(103, &[&id.to_be_bytes()[..], &60_000_u32.to_be_bytes(), &[b'd'; 60_000]].concat()),
        other => working(other, id),
    }
}

fn resident_kib(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|text| text.starts_with(line)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Other services on the port. One hangs up, the others wait for what their client says.
#[tokio::test]
async fn a_service_that_is_not_ssh_is_called_so() {
    let others: [Behaviour; 4] = [
        |s| Box::pin(say_and_leave(s, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())),
        |s| Box::pin(say(s, b"220 (vsFTPd 3.0.3)\r\n".to_vec())),
        |s| Box::pin(say_and_leave(s, b"\x4a\0\0\0\x0a8.0.36\0".to_vec())),
        |s| Box::pin(say_and_leave(s, b"E\0\0\0\x8fSFATAL\0".to_vec())),
    ];
    for behaviour in others {
        let outcome = with_password(raw(behaviour).await, "user", PASSWORD).run().await;
        let failed = (outcome.code(), outcome.failed_in());
        assert_eq!(failed, (TestCode::ProviderError, Some("handshake")), "{outcome:?}");
        assert_eq!(outcome.message(), "The server does not speak SSH.");
    }
    let full = raw(|s| Box::pin(say_and_leave(s, b"Exceeded MaxStartups\r\n".to_vec()))).await;
    let outcome = with_password(full, "user", PASSWORD).run().await;
    assert!(outcome.message().contains("ended the connection before the login"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_servers_end_in_time_with_a_verdict_and_without_a_panic() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        report(panic);
    }));
    // The first attempt loads what every test needs, so that it does not count as growth.
    with_password(1, "user", PASSWORD).run().await;
    let before = resident_kib("VmRSS");
    let mut running = JoinSet::new();
    let mut servers = Vec::new();
    for (name, behaviour, code) in TRANSPORT {
        let port = raw(*behaviour).await;
        running.spawn(async move { (*name, *code, with_password(port, "user", PASSWORD).run().await) });
    }
    for (name, script, code) in SESSIONS {
        let (login, sftp) = script();
        let server = Scripted::with_sftp(login, sftp).await;
        let port = server.port();
        servers.push(server);
        running.spawn(async move { (*name, *code, with_password(port, "user", PASSWORD).run().await) });
    }
    let server = Scripted::with_sftp(Login::Accept, Sftp::Answers(huge_handles)).await;
    let probing = with_password(server.port(), "user", PASSWORD).probing("upload");
    running.spawn(async move { ("huge handles", TestCode::ProviderError, probing.run().await) });
    let mut wrong = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (name, code, outcome): (&str, TestCode, Outcome) = ended.unwrap();
        // On a busy machine a flood may reach the time limit before the limit on bytes.
        let in_time = code == TestCode::ProviderError && outcome.code() == TestCode::Timeout;
        if (outcome.code() != code && !in_time) || outcome.took > LIMIT {
            wrong.push(format!("{name}: not {code:?} but {outcome:?}"));
        }
        // The outcome must contain neither the text of the server nor the password.
        let told = format!("{outcome:?}");
        assert!(
            !["Hostile", "Welcome", "story", "HTTP", PASSWORD].iter().any(|word| told.contains(word)),
            "{name}"
        );
    }
    let growth = resident_kib("VmHWM").saturating_sub(before);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
    assert!(growth <= MAX_GROWTH_KIB, "memory grew by {growth} KiB");
    assert_eq!(servers.iter().map(Scripted::refused_channels).sum::<usize>(), 20);
    println!("{} servers, memory grew by {growth} KiB", TRANSPORT.len() + SESSIONS.len() + 1);
}
