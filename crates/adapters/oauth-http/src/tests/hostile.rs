use strongroom_authorization_server::{AuthorizationServer, CALL_LIMIT, Client, Grant};
use strongroom_declared_http::{OauthRequests, OriginTemplate};
use tokio::time::Instant;

use super::provider::{adapter, oauth, refreshed, secret, subject, transient};
use super::server::{Behaviour, Server, answer};
use crate::call::OVERTIME;

/// Whether a server that misbehaves leads to a transient failure after which the request may have been
/// served.
async fn leaves_doubt(behaviour: Behaviour) -> bool {
    let server = Server::behaving(behaviour).await;
    let doubt = transient(refreshed(&server, |_| {}).await) == Some(true);
    doubt && server.received().len() == 1
}

/// Refreshes, and stops the clock as soon as the server has the request. Time then advances from timer to
/// timer.
async fn until_the_limit(behaviour: Behaviour, change: impl FnOnce(&mut OauthRequests)) -> Option<bool> {
    let server = Server::behaving(behaviour).await;
    let reached = async {
        server.reached.notified().await;
        tokio::time::pause();
        Instant::now()
    };
    let call = async {
        let found = refreshed(&server, change).await;
        // A call that ends before it reaches the server must not leave this waiting.
        server.reached.notify_one();
        found
    };
    let (found, reached) = tokio::join!(call, reached);
    // Timers are rounded up to whole milliseconds.
    let limit = CALL_LIMIT + OVERTIME + std::time::Duration::from_millis(100);
    assert!(reached.elapsed() <= limit, "{:?}", reached.elapsed());
    transient(found)
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[tokio::test]
async fn answers_without_end_are_cut_off() {
    let json = bytes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"access_token\":\"");
    assert!(leaves_doubt(Behaviour::Endless(json, vec![b'a'; 8192])).await);
    let chunked = bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    assert!(leaves_doubt(Behaviour::Endless(chunked, bytes("1\r\n \r\n").repeat(1000))).await);
    let headers = bytes("HTTP/1.1 200 OK\r\n");
    assert!(leaves_doubt(Behaviour::Endless(headers, bytes("x-more: abcdefgh\r\n").repeat(100))).await);
    let interim = bytes("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").repeat(100);
    assert!(leaves_doubt(Behaviour::Endless(Vec::new(), interim)).await);
}

#[tokio::test]
async fn a_body_of_64_kib_is_read_and_one_byte_more_is_not() {
    for (more, good) in [(0, true), (1, false)] {
        let empty = r#"{"access_token":"x","padding":""}"#;
        let padding = "p".repeat(64 * 1024 - empty.len() + more);
        let body = format!(r#"{{"access_token":"x","padding":"{padding}"}}"#);
        let server = Server::behaving(answer("200 OK", &body)).await;
        let found = refreshed(&server, |_| {}).await;
        assert_eq!(found.is_ok(), good);
        assert_eq!(transient(found), (!good).then_some(true));
    }
}

#[tokio::test]
async fn what_is_no_answer_is_no_token() {
    let garbage: [&[u8]; 11] = [
        b"",
        b"\r\n\r\n",
        b"\x00\xff\xfe garbage \x80\x81\r\n\r\n",
        b"{\"access_token\":\"x\"}",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/2 200\r\n\r\n{\"access_token\":\"x\"}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"access_token\":\"x\"}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{\"access_token\":\"x\xff\xfe\xfdyz\"}",
    ];
    for answer in garbage {
        assert!(
            leaves_doubt(Behaviour::Answer(answer.to_vec())).await,
            "{:?}",
            String::from_utf8_lossy(answer)
        );
    }
    assert!(leaves_doubt(Behaviour::HangUp).await);
}

/// gzip of `{"access_token":"x"}`; the client never asks for compression.
const PACKED: [u8; 40] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 171, 86, 74, 76, 78, 78, 45, 46, 142, 47, 201, 207, 78, 205, 83, 178,
    82, 170, 80, 170, 5, 0, 211, 49, 213, 189, 20, 0, 0, 0,
];

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", PACKED.len());
    assert!(leaves_doubt(Behaviour::Answer([head.as_bytes(), &PACKED].concat())).await);
}

#[tokio::test]
async fn nesting_and_members_without_number_are_refused() {
    for body in
        [format!("{{\"a\":{}", "[".repeat(60_000)), format!("{{{}}}", vec!["\"a\":1"; 9_000].join(","))]
    {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        assert!(leaves_doubt(Behaviour::Answer(answer.into_bytes())).await);
    }
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"access_token\":\"x\"}";

#[tokio::test]
async fn a_server_that_needs_10_s_is_waited_for() {
    assert_eq!(until_the_limit(Behaviour::Late(10, bytes(GOOD)), |_| {}).await, None);
}

#[tokio::test]
async fn a_server_that_needs_longer_than_a_call_may_take_is_not_waited_for() {
    assert_eq!(until_the_limit(Behaviour::Late(22, bytes(GOOD)), |_| {}).await, Some(true));
}

#[tokio::test]
async fn a_server_that_answers_a_byte_at_a_time_runs_out_of_time() {
    let answer = bytes("HTTP/1.1 200 OK\r\nx-more: a");
    assert_eq!(until_the_limit(Behaviour::Drip(answer), |_| {}).await, Some(true));
}

#[tokio::test]
async fn a_server_that_is_silent_in_the_handshake_has_served_nothing() {
    let over_tls = |oauth: &mut OauthRequests| {
        if let OriginTemplate::Host { plain_http, .. } = &mut oauth.token.origin {
            *plain_http = false;
        }
    };
    assert_eq!(until_the_limit(Behaviour::Silent, over_tls).await, Some(false));
}

#[tokio::test]
async fn whatever_the_grant_holds_a_server_reads_exactly_one_request() {
    let tricks = ["a\r\nx: y", "\0", "a&b=c", "GET / HTTP/1.1\r\n\r\n", "\u{202e}ü", "%0d%0a", "\"}"];
    for trick in tricks {
        for json_request in [false, true] {
            let good = answer("200 OK", r#"{"access_token":"x"}"#);
            let server = Server::behaving(good).await;
            let client = Client { id: trick.to_owned(), secret: Some(secret(trick)) };
            let grant = Grant::Refresh {
                refresh_token: secret(trick),
                redirect_uri: trick.to_owned(),
                send_before: tokio::time::Instant::now() + std::time::Duration::from_secs(60),
            };
            let requests = OauthRequests { json_request, ..oauth(server.port) };
            adapter(requests).token(&subject(), &client, grant, None).await.unwrap();
            let (head, body) = server.request();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{trick:?}");
            assert_eq!(head.lines().count(), 8, "{trick:?}");
        }
    }
}
