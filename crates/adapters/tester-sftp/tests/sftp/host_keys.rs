use std::time::Duration;

use strongroom_domain::TestCode;
use strongroom_fixtures::sshd::{Sshd, SshdOptions};
use tokio::net::{TcpListener, TcpStream};

use crate::attempt::{as_account_of, with_password};
use crate::scripted::{Login, Scripted};

#[tokio::test]
async fn a_changed_host_key_ends_the_test_before_the_user_is_named() {
    let mut server = Sshd::start(SshdOptions::default());
    let pinned = server.fingerprint();
    assert_eq!(as_account_of(&server).pinning(&pinned).run().await.code(), TestCode::Ok);
    let log = server.log_with("Accepted password");
    assert!(log.contains("userauth-request for user"), "the log does not show logins");
    server.change_host_key();
    let outcome = as_account_of(&server).pinning(&pinned).run().await;
    let failed = (outcome.code(), outcome.failed_in());
    assert_eq!(failed, (TestCode::HostKeyMismatch, Some("handshake")), "{outcome:?}");
    assert_eq!(outcome.fingerprint(), Some(server.fingerprint().as_str()));
    assert_ne!(outcome.fingerprint(), Some(pinned.as_str()));
    let log = server.log_with("Connection closed by 127.0.0.1");
    assert!(!log.contains("userauth") && !log.contains("ssh-connection"), "{log}");
}

#[tokio::test]
async fn host_keys_of_every_usual_kind_are_known() {
    for host_key in ["rsa", "ecdsa"] {
        let server = Sshd::start(SshdOptions { host_key, ..SshdOptions::default() });
        let outcome = as_account_of(&server).pinning(&server.fingerprint()).run().await;
        assert_eq!(outcome.code(), TestCode::Ok, "{host_key}: {outcome:?}");
    }
}

#[tokio::test]
async fn every_key_of_a_server_may_be_pinned_and_stays_pinned_when_the_server_gains_another() {
    let mut server = Sshd::start(SshdOptions { host_key: "rsa", ..SshdOptions::default() });
    let recorded = as_account_of(&server).run().await;
    let pinned = recorded.fingerprint().unwrap().to_owned();
    assert_eq!((recorded.code(), &pinned), (TestCode::Ok, &server.fingerprint()));
    server.add_host_key("ecdsa");
    server.add_host_key("ed25519");
    for key in [pinned.clone(), server.fingerprint_of("ecdsa"), server.fingerprint_of("ed25519")] {
        let outcome = as_account_of(&server).pinning(&key).run().await;
        assert_eq!((outcome.code(), outcome.fingerprint()), (TestCode::Ok, Some(&*key)), "{outcome:?}");
        assert!(outcome.took < Duration::from_secs(5), "{outcome:?}");
    }
    server.change_host_key();
    let outcome = as_account_of(&server).pinning(&pinned).run().await;
    let failed = (outcome.code(), outcome.failed_in());
    assert_eq!(failed, (TestCode::HostKeyMismatch, Some("handshake")), "{outcome:?}");
    assert_eq!(outcome.fingerprint(), Some(&*server.fingerprint_of("ed25519")), "the key that clients see");
    let log = server.log_with("no matching host key type");
    assert!(!log.contains("userauth") && !log.contains("ssh-connection"), "{log}");
}

/// A server that takes one connection at a time hangs up on the second one for a moment.
#[tokio::test]
async fn a_pinned_key_is_found_at_a_server_that_takes_few_connections() {
    let more = vec!["MaxStartups 1".into()];
    let mut server = Sshd::start(SshdOptions { host_key: "rsa", more, ..SshdOptions::default() });
    let pinned = server.fingerprint();
    server.add_host_key("ed25519");
    let outcome = as_account_of(&server).pinning(&pinned).run().await;
    assert_eq!(outcome.code(), TestCode::Ok, "{outcome:?}");
}

/// Whoever stands in between may show a key of their own and then stand still: the mismatch is told.
#[expect(clippy::disallowed_methods, reason = "the test stands between the client and its own server")]
#[tokio::test]
async fn a_server_that_is_too_slow_to_show_its_other_keys_is_a_mismatch_in_words_of_its_own() {
    let mut server = Sshd::start(SshdOptions { host_key: "rsa", ..SshdOptions::default() });
    let pinned = server.fingerprint();
    server.add_host_key("ed25519");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (between, behind) = (listener.local_addr().unwrap().port(), server.port());
    tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        let mut onward = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
        tokio::io::copy_bidirectional(&mut first, &mut onward).await.ok();
        let held = listener.accept().await;
        std::future::pending::<()>().await;
        drop(held);
    });
    let outcome = with_password(between, server.user(), server.password()).pinning(&pinned).run().await;
    let failed = (outcome.code(), outcome.failed_in());
    assert_eq!(failed, (TestCode::HostKeyMismatch, Some("handshake")), "{outcome:?}");
    assert!(outcome.message().contains("too slow to show its others"), "{outcome:?}");
    assert_eq!(outcome.fingerprint(), Some(&*server.fingerprint_of("ed25519")));
}

#[tokio::test]
async fn safe_algorithms_that_few_servers_insist_on_are_spoken() {
    for line in [
        "KexAlgorithms diffie-hellman-group-exchange-sha256",
        "KexAlgorithms diffie-hellman-group18-sha512",
        "KexAlgorithms diffie-hellman-group16-sha512",
        "Ciphers chacha20-poly1305@openssh.com",
    ] {
        let server = Sshd::start(SshdOptions { more: vec![line.into()], ..SshdOptions::default() });
        let outcome = as_account_of(&server).run().await;
        assert_eq!(outcome.code(), TestCode::Ok, "{line}: {outcome:?}");
    }
}

#[tokio::test]
async fn chacha20_without_strict_key_exchange_is_given_up_before_the_login() {
    let server = Scripted::start(Login::WithoutStrictExchange).await;
    let outcome = with_password(server.port(), "user", "secret").run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::ProviderError, Some("handshake")));
    assert!(outcome.message().contains("lacks the strict key exchange"), "{outcome:?}");
}

#[tokio::test]
async fn a_server_with_weak_algorithms_only_is_not_talked_to() {
    for (line, message, hint) in [
        (
            "Ciphers aes128-cbc,3des-cbc",
            "The server offers no cipher that this vault speaks. It offers aes128-cbc, 3des-cbc.",
            "aes256-gcm@openssh.com, ",
        ),
        (
            "KexAlgorithms diffie-hellman-group14-sha1",
            "The server offers no key exchange that this vault speaks. It offers diffie-hellman-group14-sha1.",
            "curve25519-sha256, ",
        ),
        (
            "MACs hmac-sha1\nCiphers aes256-ctr",
            "The server offers no message authentication code that this vault speaks. It offers hmac-sha1.",
            "hmac-sha2-512, hmac-sha2-256.",
        ),
        (
            "HostKeyAlgorithms ssh-rsa",
            "The server offers no kind of host key that this vault speaks. It offers ssh-rsa.",
            "ssh-ed25519, ",
        ),
    ] {
        let host_key = if line.starts_with("HostKey") { "rsa" } else { "ed25519" };
        let server = Sshd::start(SshdOptions { host_key, more: vec![line.into()], ..SshdOptions::default() });
        let outcome = as_account_of(&server).run().await;
        assert_eq!(outcome.failed_in(), Some("handshake"), "{line}: {outcome:?}");
        assert_eq!(outcome.message(), message, "{line}");
        assert!(outcome.hint().contains(hint), "{line}: {outcome:?}");
    }
}
