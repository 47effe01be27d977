use std::time::Duration;

use strongroom_domain::TestCode;
use tokio::time::Instant;

use super::provider::{one_step, verdict};
use super::server::{Behaviour, Server};

/// How much memory a test may use, beyond what the process needs anyway, in KiB.
const MEMORY: u64 = 16 * 1024;

/// The code of one test of a server that misbehaves. It must end within the time and memory of a test.
async fn verdict_about(behaviour: Behaviour) -> TestCode {
    let server = Server::behaving(vec![behaviour]).await;
    let provider = one_step(&format!("url = \"http://127.0.0.1:{}/\"", server.port));
    let (before, began) = (peak_memory(), Instant::now());
    let verdict = verdict(&provider).await;
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after - before < MEMORY, "{} KiB", after - before);
    }
    verdict.code
}

/// The largest memory use of this process so far, in KiB, where the kernel reports it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

fn text(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let head = text("HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(verdict_about(Behaviour::Endless(head, vec![b'a'; 8192])).await, TestCode::ProviderError);
    let head = text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = text("1\r\na\r\n");
    assert_eq!(verdict_about(Behaviour::Endless(head, chunk.repeat(1000))).await, TestCode::ProviderError);
    let head = text("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
    assert_eq!(verdict_about(Behaviour::Endless(head, vec![b'a'; 8192])).await, TestCode::ProviderError);
}

#[tokio::test]
async fn headers_and_interim_answers_without_end_are_cut_off() {
    let begin = text("HTTP/1.1 200 OK\r\n");
    let header = text("x-more: abcdefgh\r\n").repeat(100);
    assert_eq!(verdict_about(Behaviour::Endless(begin, header)).await, TestCode::ProviderError);
    let begin = text("HTTP/1.1 200 OK\r\nx-long: ");
    assert_eq!(verdict_about(Behaviour::Endless(begin, vec![b'a'; 8192])).await, TestCode::ProviderError);
    let interim = text("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").repeat(100);
    assert_eq!(verdict_about(Behaviour::Endless(Vec::new(), interim)).await, TestCode::ProviderError);
    let status = text("HTTP/1.1 200 ");
    assert_eq!(verdict_about(Behaviour::Endless(status, vec![b'a'; 8192])).await, TestCode::ProviderError);
}

#[tokio::test]
async fn a_server_that_never_answers_runs_out_of_time() {
    assert_eq!(verdict_about(Behaviour::Silent).await, TestCode::Timeout);
}

#[tokio::test]
async fn a_server_that_answers_a_byte_at_a_time_runs_out_of_time() {
    let answer = text("HTTP/1.1 200 OK\r\nx-more: a");
    assert_eq!(verdict_about(Behaviour::Drip(answer)).await, TestCode::Timeout);
}

#[tokio::test]
async fn what_is_no_answer_says_nothing_about_the_credential() {
    let garbage: [&[u8]; 14] = [
        b"",
        b"\r\n\r\n",
        b"\x00\xff\xfe garbage \x80\x81\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ];
    for answer in garbage {
        let code = verdict_about(Behaviour::Answer(answer.to_vec())).await;
        assert_eq!(code, TestCode::ProviderError, "{:?}", String::from_utf8_lossy(answer));
    }
    assert_eq!(verdict_about(Behaviour::HangUp).await, TestCode::ProviderError);
}

/// gzip of 1,000 times `a`. If it were unpacked, a rule that looks for the text would find it.
const PACKED: [u8; 29] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 76, 28, 5, 163, 96, 20, 12, 119, 0, 0, 3, 218, 56, 154, 232, 3, 0, 0,
];

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    let mut answer = text(&format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        PACKED.len()
    ));
    answer.extend_from_slice(&PACKED);
    let server = Server::behaving(vec![Behaviour::Answer(answer)]).await;
    let provider = super::provider::provider(&format!(
        r#"
        [[test.step]]
        url = "http://127.0.0.1:{}/"
        headers = {{ X-Token = "{{token}}" }}
        outcomes = [
          {{ status = [200], text = ["aaaaaaaa"], code = "auth_rejected" }},
          {{ status = [200], headers = {{ content-encoding = ["gzip"] }}, code = "ok" }},
        ]
        "#,
        server.port
    ));
    assert_eq!(verdict(&provider).await.code, TestCode::Ok);
}
