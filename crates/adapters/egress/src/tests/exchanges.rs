//! Tests of correct and hostile answers.

use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::{Answer, ExchangeError, exchange};

fn request() -> Request<Bytes> {
    Request::get("/v1/whoami?x=1").header("host", "api.example").body(Bytes::new()).unwrap()
}

async fn read_request(peer: &mut DuplexStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(peer.read_u8().await.unwrap());
    }
    String::from_utf8(request).unwrap()
}

/// Returns the result of an answer: a beginning, then a part that is repeated as long as the client reads.
async fn answered(beginning: impl AsRef<[u8]>, endless: &[u8]) -> Result<Answer, ExchangeError> {
    let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
    let (beginning, endless) = (beginning.as_ref().to_vec(), endless.to_vec());
    let peer = tokio::spawn(async move {
        read_request(&mut theirs).await;
        let mut sent = theirs.write_all(&beginning).await;
        while sent.is_ok() && !endless.is_empty() {
            sent = theirs.write_all(&endless).await;
        }
    });
    let answer = exchange(ours, request()).await;
    peer.await.unwrap();
    answer
}

#[tokio::test]
async fn an_answer_is_status_headers_and_body() {
    let answer = answered("HTTP/1.1 401 No\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello", b"").await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["x-a"], "b");
    assert_eq!(answer.body, "hello");
}

#[tokio::test]
async fn bodies_come_with_a_length_in_chunks_or_until_the_end() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        assert_eq!(answered(answer, b"").await.unwrap().body, "hello", "{answer}");
    }
}

#[tokio::test]
async fn the_request_is_sent_as_it_is_and_asks_to_close() {
    let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
    let peer = async {
        let request = read_request(&mut theirs).await;
        theirs.write_all(b"HTTP/1.1 204 OK\r\n\r\n").await.unwrap();
        request
    };
    let (answer, request) = tokio::join!(exchange(ours, request()), peer);
    assert_eq!(answer.unwrap().status, StatusCode::NO_CONTENT);
    assert!(request.starts_with("GET /v1/whoami?x=1 HTTP/1.1\r\n"), "{request}");
    let lower = request.to_ascii_lowercase();
    assert!(lower.contains("\r\nhost: api.example\r\n"), "{request}");
    assert!(lower.contains("\r\nconnection: close\r\n"), "{request}");
    assert!(!lower.contains("accept-encoding") && !lower.contains("upgrade"), "{request}");
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0, "the stream is closed");
}

#[tokio::test]
async fn redirects_are_answers() {
    let answer =
        answered("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", b"").await;
    assert_eq!(answer.unwrap().status, StatusCode::FOUND);
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n";
    let answer = answered([head.as_bytes(), &[0x1f, 0x8b, 8, 0]].concat(), b"").await.unwrap();
    assert_eq!(answer.body.as_ref(), [0x1f, 0x8b, 8, 0]);
}

#[tokio::test]
async fn the_limits_are_where_they_are_said_to_be() {
    let body =
        |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
    assert_eq!(answered(body(64 * 1024), b"").await.unwrap().body.len(), 64 * 1024);
    assert_eq!(answered(body(64 * 1024 + 1), b"").await.unwrap_err(), ExchangeError::TooLarge);
    let header = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: {}\r\n\r\n", "x".repeat(length))
    };
    assert!(answered(header(31 * 1024), b"").await.is_ok());
    assert_eq!(answered(header(33 * 1024), b"").await.unwrap_err(), ExchangeError::TooLarge);
}

#[tokio::test]
async fn endless_answers_end() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cases: [(&str, &[u8]); 10] = [
        ("HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        ("HTTP/1.1 200 OK\r\nX-A: ", b"bbbbbbbbbbbbbbbb"),
        ("HTTP/1.1 200 ", b"OKOKOKOKOKOKOKOK"),
        ("HTTP/1.1 200 OK\r\n\r\n", b"body body body body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", b"body body body body"),
        (chunked, b"8\r\nbodybody\r\n"),
        (chunked, b"1\r\nb\r\n"),
        (&format!("{chunked}1;"), b"extension=extension;"),
        (&format!("{chunked}0\r\n"), b"X-Trailer: trailer\r\n"),
        ("", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ];
    for (beginning, endless) in cases {
        let error = answered(beginning, endless).await.unwrap_err();
        let broken = matches!(error, ExchangeError::Broken(_)) && beginning.starts_with(chunked);
        assert!(error == ExchangeError::TooLarge || broken, "{beginning}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_an_error() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for answer in [
        "".into(),
        "SSH-2.0-OpenSSH_9.9\r\n".to_owned(),
        "220 mail.example ESMTP\r\n".into(),
        "hello\r\n\r\n".into(),
        "\0\0\0\0\0\0\0\0".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "HTTP/2 200 OK\r\n\r\n".into(),
        "HTTP/1.1 999999 OK\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nX-A".into(),
        "HTTP/1.1 200 OK\r\nX A: b\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".into(),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".into(),
        "HTTP/1.1 100 Continue\r\n\r\n".into(),
        format!("{chunked}zz\r\nhello\r\n"),
        format!("{chunked}5\r\nhello"),
        format!("{chunked}5\r\nhelloworld\r\n0\r\n\r\n"),
        format!("{chunked}fffffffffffffffff\r\nhello\r\n"),
        format!("{chunked}-5\r\nhello\r\n"),
    ] {
        let error = answered(&answer, b"").await.unwrap_err();
        assert!(matches!(error, ExchangeError::Broken(_)), "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn dropping_an_exchange_closes_its_stream() {
    let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
    let mut waiting = Box::pin(exchange(ours, request()));
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("nobody has answered"),
        _ = read_request(&mut theirs) => {}
    }
    drop(waiting);
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
}
