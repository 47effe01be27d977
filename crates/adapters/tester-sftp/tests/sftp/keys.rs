use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use strongroom_domain::TestCode;
use strongroom_fixtures::sshd::{Sshd, SshdOptions};

use crate::attempt::with_key;
use crate::scripted::{Login, Scripted};

const PASSPHRASE: &str = "a passphrase for tests";

/// Makes a key and returns both halves as text.
fn key(folder: &Path, arguments: &str, passphrase: &str) -> (String, String) {
    let file = folder.join(format!("key-{}-{}", arguments.replace(' ', ""), passphrase.len()));
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", passphrase, "-f"])
        .arg(&file)
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .status();
    assert!(made.unwrap().success(), "ssh-keygen {arguments}");
    (fs::read_to_string(&file).unwrap(), fs::read_to_string(file.with_extension("pub")).unwrap())
}

#[tokio::test]
async fn keys_of_every_kind_and_form_log_in_with_and_without_passphrase() {
    let server = Sshd::start(SshdOptions { passwords: false, ..SshdOptions::default() });
    let folder = tempfile::tempdir().unwrap();
    let forms = [
        "-t ed25519",
        "-t ed25519 -Z 3des-cbc",
        "-t rsa -b 2048",
        "-t rsa -b 2048 -m PEM",
        "-t rsa -b 2048 -m PKCS8",
        "-t ecdsa -b 256",
        "-t ecdsa -b 521",
        "-t ecdsa -b 256 -m PEM",
        "-t ecdsa -b 256 -m PKCS8",
    ];
    for form in forms {
        for passphrase in ["", PASSPHRASE] {
            let (private, public) = key(folder.path(), form, passphrase);
            server.authorize(&public);
            let attempt = with_key(server.port(), server.user(), &private);
            let attempt =
                if passphrase.is_empty() { attempt } else { attempt.field("passphrase", passphrase) };
            let outcome = attempt.run().await;
            assert_eq!(outcome.code(), TestCode::Ok, "{form} {passphrase:?}: {outcome:?}");
            assert_eq!(outcome.message(), "", "{form}: {outcome:?}");
        }
    }
    assert!(!server.log().contains("signature algorithm ssh-rsa "), "SHA-1 was used");
}

/// OpenSSH writes no Ed25519 key in PKCS #8, OpenSSL does.
#[tokio::test]
async fn a_reader_is_told_of_a_form_that_older_clients_do_not_read() {
    let server = Sshd::start(SshdOptions::default());
    let folder = tempfile::tempdir().unwrap();
    for (arguments, passphrase) in [("", None), ("-aes-256-cbc -pass pass:x", Some("x"))] {
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "ed25519"])
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        let private = String::from_utf8(made.stdout).unwrap();
        let opened = strongroom_ssh_keys::KeyFile::read(&private).unwrap().open(passphrase).unwrap();
        server.authorize(&opened.public_key().to_openssh().unwrap());
        let attempt = with_key(server.port(), server.user(), &private);
        let outcome = attempt.field("passphrase", passphrase.unwrap_or_default()).run().await;
        assert_eq!(outcome.code(), TestCode::Ok, "{outcome:?}");
        assert!(outcome.verdict.hint.as_deref().unwrap().contains("OpenSSH before 9.6"), "{outcome:?}");
    }
    let (private, public) = key(folder.path(), "-t ed25519", "");
    server.authorize(&public);
    let outcome = with_key(server.port(), server.user(), &private).run().await;
    assert_eq!((outcome.code(), outcome.verdict.hint), (TestCode::Ok, None));
}

#[tokio::test]
async fn a_passphrase_that_the_key_does_not_need_is_ignored() {
    let server = Sshd::start(SshdOptions::default());
    let folder = tempfile::tempdir().unwrap();
    for form in ["-t ed25519", "-t rsa -b 2048 -m PEM", "-t ecdsa -b 256 -m PKCS8"] {
        let (private, public) = key(folder.path(), form, "");
        server.authorize(&public);
        let attempt = with_key(server.port(), server.user(), &private).field("passphrase", PASSPHRASE);
        assert_eq!(attempt.run().await.code(), TestCode::Ok, "{form}");
    }
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_is_rejected() {
    let server = Sshd::start(SshdOptions::default());
    let folder = tempfile::tempdir().unwrap();
    for form in ["-t ed25519", "-t rsa -b 2048"] {
        let (private, _) = key(folder.path(), form, "");
        let outcome = with_key(server.port(), server.user(), &private).run().await;
        assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::AuthRejected, Some("login")));
        assert_eq!(outcome.message(), "The server refused the user name or private key.");
    }
    let (private, public) = key(folder.path(), "-t ed25519", "x");
    server.authorize(&public);
    let outcome = with_key(server.port(), server.user(), &private).field("passphrase", "y").run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::InvalidConfig, Some("parse")));
}

#[tokio::test]
async fn a_server_that_takes_no_keys_says_so() {
    let options = SshdOptions { more: vec!["PubkeyAuthentication no".into()], ..SshdOptions::default() };
    let server = Sshd::start(options);
    let folder = tempfile::tempdir().unwrap();
    let (private, _) = key(folder.path(), "-t ed25519", "");
    let outcome = with_key(server.port(), server.user(), &private).run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server does not let this user in with a key.");
}

#[tokio::test]
async fn a_key_that_is_only_the_first_of_two_factors_is_rejected_with_a_reason() {
    let options = SshdOptions {
        more: vec!["AuthenticationMethods publickey,password".into()],
        ..SshdOptions::default()
    };
    let server = Sshd::start(options);
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = key(folder.path(), "-t ed25519", "");
    server.authorize(&public);
    let outcome = with_key(server.port(), server.user(), &private).run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server asks this user for a second factor.");
}

#[tokio::test]
async fn a_server_that_does_not_look_at_the_key_leaves_it_untested() {
    let server = Scripted::start(Login::Open).await;
    let folder = tempfile::tempdir().unwrap();
    for form in ["-t ed25519", "-t rsa -b 2048"] {
        let (private, _) = key(folder.path(), form, "");
        let outcome = with_key(server.port(), "user", &private).run().await;
        assert_eq!(outcome.code(), TestCode::Ok, "{form}: {outcome:?}");
        assert!(outcome.message().contains("stays untested"), "{form}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_takes_rsa_with_sha1_only_is_told_apart() {
    let server = Scripted::start(Login::RsaWithSha1).await;
    let folder = tempfile::tempdir().unwrap();
    let (private, _) = key(folder.path(), "-t rsa -b 2048", "");
    let outcome = with_key(server.port(), "user", &private).run().await;
    assert_eq!(outcome.code(), TestCode::ProviderError, "{outcome:?}");
    assert_eq!(outcome.message(), "The server takes RSA keys only with SHA-1, which is not safe.");
}
