use std::fs;
use std::sync::Arc;

use strongroom_domain::TestCode;
use strongroom_provider_tester::Cause;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::script::{
    Act, Script, answer, authentication, columns, complete, error, liar, message, notice, parameter, ready,
    row, welcome,
};
use super::support::{Fields, PASSWORD, Report, USER};
use crate::{HANDSHAKE_LIMIT, LOGIN_LIMIT, PROBE_LIMIT};

/// Plays a script to a test. The test must end soon, and its report must contain no text of the server or of
/// the secret.
pub(crate) async fn play(name: &str, sslmode: &str, acts: Vec<Act>) -> (Report, Vec<u8>) {
    let script = Script::start(acts).await;
    let began = Instant::now();
    let report = Fields::new(script.port).text("sslmode", sslmode).test().await;
    let limit = HANDSHAKE_LIMIT.max(LOGIN_LIMIT).max(PROBE_LIMIT);
    assert!(began.elapsed() < limit + limit / 5, "{name} took {:?}", began.elapsed());
    let received = script.received().await;
    let sent = String::from_utf8_lossy(&received);
    assert!(!sent.contains(PASSWORD), "{name} got the password");
    assert!(!report.words().contains(PASSWORD) && !report.words().contains("canary"), "{name} {report:?}");
    (report, received)
}

/// A script for a connection without TLS, from the first message on.
pub(crate) fn after_startup(acts: impl IntoIterator<Item = Act>) -> Vec<Act> {
    [Act::Startup].into_iter().chain(acts).collect()
}

pub(crate) fn sends(bytes: Vec<u8>) -> Vec<Act> {
    after_startup([Act::Send(bytes), Act::Hang])
}

fn sends_after_query(parts: &[Vec<u8>]) -> Vec<Act> {
    after_startup([Act::Send(welcome()), Act::Message, Act::Send(parts.concat()), Act::Hang])
}

/// The largest memory use of this process so far, in KiB.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[tokio::test]
async fn an_honest_script_passes() {
    let acts = after_startup([Act::Send(welcome()), Act::Message, Act::Send(answer()), Act::Message]);
    let (report, received) = play("honest", "disable", acts).await;
    assert_eq!(report.code(), TestCode::Ok, "{report:?}");
    assert_eq!(report.fact("server_version"), Some("16"));
    let sent = String::from_utf8_lossy(&received);
    let query = "BEGIN READ ONLY; SET LOCAL statement_timeout = '3s'; SELECT 1; COMMIT";
    assert!(sent.contains(query) && sent.ends_with("X\0\0\0\u{4}"), "{sent:?}");
    let parameters =
        "client_encoding\0UTF8\0user\0canary_user\0database\0postgres\0application_name\0strongroom\0\0";
    assert!(sent.contains(parameters), "{sent:?}");
}

#[tokio::test]
async fn nothing_of_the_credential_is_sent_before_tls_is_as_asked() {
    let tls_request = [0, 0, 0, 8, 4, 210, 22, 47];
    let stuffed = [&b"S"[..], &authentication(3, b""), &welcome()].concat();
    for (name, code, acts) in [
        ("closed", TestCode::ProviderError, vec![]),
        ("closed after the request", TestCode::ProviderError, vec![Act::TlsRequest]),
        ("garbage", TestCode::ProviderError, vec![Act::Flood(b"HTTP/1.1 400 canary\r\n".to_vec())]),
        ("an error", TestCode::ProviderError, vec![Act::TlsRequest, Act::Send(error("53300", "canary"))]),
        ("no", TestCode::TlsFailed, vec![Act::TlsRequest, Act::Send(b"N".to_vec()), Act::Hang]),
        (
            "no, and goes on",
            TestCode::TlsFailed,
            vec![Act::Send([&b"N"[..], &welcome()].concat()), Act::Hang],
        ),
        (
            "yes, then garbage",
            TestCode::TlsFailed,
            vec![Act::Send(b"S".to_vec()), Act::Flood(vec![b'x'; 999])],
        ),
        ("yes, then more", TestCode::TlsFailed, vec![Act::TlsRequest, Act::Send(stuffed), Act::Hang]),
        ("yes, then closed", TestCode::ProviderError, vec![Act::TlsRequest, Act::Send(b"S".to_vec())]),
    ] {
        for sslmode in ["verify-full", "verify-ca", "require"] {
            let (report, received) = play(name, sslmode, acts.clone()).await;
            assert_eq!((report.code(), report.failed_step()), (code, Some("handshake")), "{name} {report:?}");
            assert!(received.is_empty() || received.starts_with(&tls_request), "{name}");
            assert!(!String::from_utf8_lossy(&received).contains(USER), "{name} {sslmode}");
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_or_next_to_nothing_is_left_in_time() {
    let yes = Act::Send(b"S".to_vec());
    let trickle = Act::Trickle(notice());
    let cases = [
        ("no answer to tls", "verify-full", "handshake", vec![Act::Hang]),
        ("no handshake", "require", "handshake", vec![Act::TlsRequest, yes.clone(), Act::Hang]),
        ("a slow handshake", "require", "handshake", vec![yes, Act::Trickle(vec![22, 3, 3, 64, 0])]),
        ("no login", "disable", "login", after_startup([Act::Hang])),
        (
            "a slow login",
            "disable",
            "login",
            after_startup([Act::Send(welcome()[..9].to_vec()), trickle.clone()]),
        ),
        ("half a message", "disable", "login", sends(liar(b'E', 60_000))),
        ("no row", "disable", "probe", after_startup([Act::Send(welcome()), Act::Hang])),
        ("a slow row", "disable", "probe", after_startup([Act::Send(welcome()), Act::Message, trickle])),
        ("half a row", "disable", "probe", sends_after_query(&[complete(), columns(1), liar(b'D', 60_000)])),
        ("no end", "disable", "probe", sends_after_query(&[complete(), columns(1), row("1"), complete()])),
    ];
    let plays = cases.map(|(name, sslmode, step, acts)| {
        tokio::spawn(async move {
            let (report, _) = play(name, sslmode, acts).await;
            assert_eq!((report.code(), report.failed_step()), (TestCode::Timeout, Some(step)), "{name}");
        })
    });
    for play in plays {
        play.await.unwrap();
    }
}

#[tokio::test]
async fn a_password_outside_tls_is_not_sent_in_the_clear_nor_as_md5() {
    let late = [authentication(0, b""), authentication(3, b"")].concat();
    for (name, bytes) in [
        ("cleartext", authentication(3, b"")),
        ("md5", authentication(5, b"salt")),
        ("cleartext after ok", late),
        ("gss", authentication(7, b"")),
        ("kerberos", authentication(2, b"")),
        ("sspi", authentication(9, b"")),
    ] {
        let (report, received) = play(name, "disable", sends(bytes.clone())).await;
        let found = (report.code(), report.failed_step());
        assert_eq!(found, (TestCode::InvalidConfig, Some("login")), "{name} {report:?}");
        let startup = u32::from_be_bytes(received[..4].try_into().unwrap());
        assert_eq!(received.len(), startup as usize, "{name} got an answer");

        // The script is repeated one byte at a time.
        let (report, _) = play(
            name,
            "prefer",
            [Act::TlsRequest, Act::Send(b"N".to_vec())]
                .into_iter()
                .chain([Act::Startup])
                .chain(bytes.into_iter().map(|byte| Act::Send(vec![byte])))
                .chain([Act::Hang])
                .collect(),
        )
        .await;
        assert_eq!(report.code(), TestCode::InvalidConfig, "{name} {report:?}");
    }
}

/// Plays scripts, each of which must end in the given step, at once and in little memory.
async fn play_floods(cases: impl IntoIterator<Item = (&str, &str, Vec<Act>)>) {
    let (began, before) = (Instant::now(), peak_memory());
    for (name, step, acts) in cases {
        let (report, _) = play(name, "disable", acts).await;
        let found = (report.code(), report.failed_step());
        assert_eq!(found, (TestCode::ProviderError, Some(step)), "{name} {report:?}");
    }
    assert!(began.elapsed().as_secs() < 5, "took {:?}", began.elapsed());
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after - before < 32 * 1024, "{} KiB more than {before} KiB", after - before);
    }
}

/// A script that sends `first` and then repeats `then` for ever.
fn floods(first: &[Vec<u8>], then: Vec<u8>) -> Vec<Act> {
    after_startup([Act::Send(first.concat()), Act::Flood(then)])
}

fn floods_after_query(first: &[Vec<u8>], then: Vec<u8>) -> Vec<Act> {
    after_startup([Act::Send(welcome()), Act::Message, Act::Send(first.concat()), Act::Flood(then)])
}

#[tokio::test]
async fn floods_and_false_lengths_end_a_login_at_once_and_in_little_memory() {
    let ok = || authentication(0, b"");
    let letters = || vec![b'M'; 65_536];
    let mechanisms = [&b"R"[..], &(1_u32 << 30).to_be_bytes(), &10_u32.to_be_bytes()].concat();
    let cases = [
        ("a huge length", sends(liar(b'N', 0x7fff_ffff))),
        ("a negative length", sends(liar(b'N', 0xffff_fff0))),
        ("a length of 3", sends(liar(b'N', 3))),
        ("an error of 1 GiB", floods(&[liar(b'E', 1 << 30)], letters())),
        ("mechanisms of 1 GiB", floods(&[mechanisms], letters())),
        ("notices instead of a login", floods(&[], notice())),
        ("notices after the login", floods(&[ok()], notice())),
        ("large notices after the login", floods(&[ok()], message(b'N', &[b'x'; 60_000]))),
        ("parameters", floods(&[ok()], parameter("a", "b"))),
        ("nothing but zeros", floods(&[], vec![0; 4096])),
        ("garbage", floods(&[], b"canary canary\r\n".to_vec())),
        ("an unknown message", sends(message(b'?', b""))),
    ];
    play_floods(cases.map(|(name, acts)| (name, "login", acts))).await;
}

#[tokio::test]
async fn floods_and_false_lengths_end_a_query_at_once_and_in_little_memory() {
    let endless_row = [columns(1), liar(b'D', 1 << 30)];
    let cases = [
        ("notices", floods_after_query(&[], notice())),
        ("large notices", floods_after_query(&[], message(b'N', &[b'x'; 60_000]))),
        ("rows", floods_after_query(&[columns(1)], row("1"))),
        ("a row of 1 GiB", floods_after_query(&endless_row, vec![b'M'; 65_536])),
        ("parameters", floods_after_query(&[], parameter("a", "b"))),
        ("ready without end", floods_after_query(&[], ready())),
    ];
    play_floods(cases.map(|(name, acts)| (name, "probe", acts))).await;
}

#[tokio::test]
async fn an_answer_that_is_none_is_the_servers_error() {
    let two_values = message(b'D', &[&2_u16.to_be_bytes()[..], &[0xff; 4], &[0xff; 4]].concat());
    let false_length = message(b'D', &[&1_u16.to_be_bytes()[..], &0x7fff_fff0_u32.to_be_bytes()].concat());
    let end = [complete(), ready()].concat();
    for (name, step, acts) in [
        ("closed before the login", "login", after_startup([])),
        ("closed after the login", "probe", after_startup([Act::Send(welcome())])),
        ("closed after the query", "probe", after_startup([Act::Send(welcome()), Act::Message])),
        ("another number", "probe", sends_after_query(&[columns(1), row("2"), end.clone()])),
        ("no row", "probe", sends_after_query(&[columns(1), end.clone()])),
        ("a row without columns", "probe", sends_after_query(&[row("1"), end.clone()])),
        ("no columns", "probe", sends_after_query(&[columns(0), message(b'D', &[0, 0]), end.clone()])),
        ("too many values", "probe", sends_after_query(&[columns(1), two_values, end.clone()])),
        ("a value longer than its row", "probe", sends_after_query(&[columns(1), false_length, end.clone()])),
        ("nothing to the query", "probe", sends_after_query(&[ready()])),
        ("an error without fields", "login", sends(message(b'E', b"\0"))),
        ("an error with words for a code", "login", sends(error("canary words", "canary"))),
        ("an error in the wrong place", "probe", sends_after_query(&[error("XX000", "canary"), ready()])),
        ("an unknown code", "login", sends(authentication(99, b""))),
        ("a request without code", "login", after_startup([Act::Send(liar(b'R', 4)), Act::Hang])),
    ] {
        let (report, _) = play(name, "disable", acts).await;
        let found = (report.code(), report.failed_step());
        assert_eq!(found, (TestCode::ProviderError, Some(step)), "{name} {report:?}");
    }
}

#[tokio::test]
async fn errors_that_pass_are_told_from_others() {
    for (state, code, passes) in [
        ("57P03", TestCode::ProviderError, true),
        ("53300", TestCode::ProviderError, true),
        ("08006", TestCode::ProviderError, true),
        ("57P01", TestCode::ProviderError, true),
        ("42P05", TestCode::ProviderError, false),
        ("28P01", TestCode::AuthRejected, false),
    ] {
        let (report, _) = play(state, "disable", sends(error(state, "canary"))).await;
        assert_eq!(report.code(), code, "{state}");
        let message = report.verdict.message.as_deref().unwrap_or_default();
        assert_eq!(message.contains("at the moment"), passes, "{state} {report:?}");
    }
    let (report, _) = play("57014", "disable", sends_after_query(&[error("57014", "canary"), ready()])).await;
    assert_eq!((report.code(), report.failed_step()), (TestCode::Timeout, Some("probe")));
}

/// The words are those that the poolers' sources have.
#[tokio::test]
async fn what_a_pooler_says_of_its_settings_is_no_outage() {
    let unknown = (TestCode::InvalidConfig, "Check database and user name");
    let refused = (TestCode::AuthRejected, "password");
    let passing = (TestCode::ProviderError, "Try again in a few minutes");
    for (state, words, (code, hint)) in [
        ("08P01", "no such database: canary", unknown),
        ("08P01", "no such user", unknown),
        ("08P01", "bouncer config error", unknown),
        ("08P01", "SASL authentication failed", refused),
        ("08P01", "unsupported startup parameter: options", (TestCode::InvalidConfig, "options")),
        ("08P01", "no more connections allowed (max_client_conn)", passing),
        ("08P01", "server login has been failing, cached error: canary", passing),
        (
            "08P01",
            "server login has been failing, cached error: password authentication failed for user \"canary\"",
            passing,
        ),
        ("08P01", "query_wait_timeout", passing),
        ("08P01", "SSL required", (TestCode::InvalidConfig, "verify-full")),
        ("XX000", "Tenant or user not found", unknown),
        ("XX000", "The requested endpoint could not be found, check the ID and try again.", unknown),
        (
            "XX000",
            "connection is insecure (try using `sslmode=require`)",
            (TestCode::InvalidConfig, "verify-full"),
        ),
        (
            "XX000",
            "This IP address is not allowed to connect",
            (TestCode::ProviderError, "Admit the vault's address"),
        ),
        ("XX000", "Your account exceeded the compute time quota.", (TestCode::ProviderError, "console")),
        ("XX000", "Couldn't connect to compute node", passing),
        ("XX000", "MaxClientsInSessionMode: max clients reached", passing),
        ("XX000", "Endpoint ID is not specified. Either please upgrade the library", unknown),
        ("58000", "No pool configured for database: \"canary\", user: \"canary\"", unknown),
        ("58000", "could not get connection from the pool - AllServersDown", passing),
        ("08004", "codeParamsRoutingFailed: missing cluster identifier", unknown),
    ] {
        let (report, _) = play(words, "disable", sends(error(state, words))).await;
        assert_eq!((report.code(), report.failed_step()), (code, Some("login")), "{words} {report:?}");
        assert!(report.verdict.hint.as_deref().unwrap().contains(hint), "{words} {report:?}");
        let cause = Some(Cause::Protocol(format!("SQLSTATE {state}")));
        assert_eq!(report.verdict.cause, cause, "{report:?}");
    }
    // After the login it is the server that speaks, and neither user nor database is in doubt.
    let (report, _) = play("late", "disable", sends_after_query(&[error("XX000", "canary"), ready()])).await;
    assert_eq!((report.code(), report.failed_step()), (TestCode::ProviderError, Some("probe")));
    assert!(report.verdict.message.unwrap().contains("let the user in"));
}

#[tokio::test]
async fn a_dropped_test_closes_its_connection() {
    let seen = Arc::new(Notify::new());
    let tell = || Act::Tell(Arc::clone(&seen));
    for (sslmode, acts) in [
        ("verify-full", vec![Act::TlsRequest, tell(), Act::Hang]),
        ("disable", after_startup([tell(), Act::Hang])),
        ("disable", after_startup([Act::Send(welcome()), Act::Message, tell(), Act::Hang])),
    ] {
        let script = Script::start(acts).await;
        tokio::select! {
            report = Fields::new(script.port).text("sslmode", sslmode).test() => panic!("{report:?}"),
            () = seen.notified() => {}
        }
        // The script ends when the connection does.
        script.received().await;
    }
}
