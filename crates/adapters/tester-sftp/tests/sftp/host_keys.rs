use strongroom_domain::TestCode;
use strongroom_fixtures::sshd::{Sshd, SshdOptions};

use crate::attempt::as_account_of;

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
async fn a_server_with_weak_algorithms_only_is_not_talked_to() {
    let weak = [
        "Ciphers aes128-cbc,3des-cbc",
        "KexAlgorithms diffie-hellman-group14-sha1",
        "MACs hmac-sha1\nCiphers aes256-ctr",
    ];
    for line in weak {
        let server = Sshd::start(SshdOptions { more: vec![line.into()], ..SshdOptions::default() });
        let outcome = as_account_of(&server).run().await;
        assert_eq!(outcome.failed_in(), Some("handshake"), "{line}: {outcome:?}");
        assert_eq!(
            outcome.message(),
            "The server offers only algorithms that are not safe enough.",
            "{line}"
        );
    }
}
