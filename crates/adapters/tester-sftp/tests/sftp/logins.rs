use strongroom_domain::TestCode;
use strongroom_fixtures::sshd::{Sshd, SshdOptions};

use crate::attempt::{as_account_of, with_password};
use crate::scripted::{Ask, Login, Scripted};

#[tokio::test]
async fn the_right_password_works_and_the_report_names_the_host_key() {
    let server = Sshd::start(SshdOptions::default());
    let outcome = as_account_of(&server).run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::Ok, None), "{outcome:?}");
    assert_eq!(outcome.fingerprint(), Some(server.fingerprint().as_str()));
    assert_eq!(outcome.verdict.facts.get("server_version").map(String::as_str), Some("OpenSSH"));
    server.log_with("Received disconnect from 127.0.0.1");
}

#[tokio::test]
async fn a_wrong_password_is_judged_once_and_rejected() {
    let server = Sshd::start(SshdOptions::default());
    let outcome = with_password(server.port(), server.user(), "not-the-password").run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::AuthRejected, Some("login")), "{outcome:?}");
    assert_eq!(outcome.message(), "The server refused the user name or password.");
    let log = server.log_with("Failed password for");
    assert_eq!(log.matches("Failed password for").count(), 1);
    assert!(!format!("{outcome:?}").contains("not-the-password"));
}

#[tokio::test]
async fn an_unknown_user_is_rejected_in_the_same_words() {
    let server = Sshd::start(SshdOptions::default());
    let outcome = with_password(server.port(), "nobody-here", "secret").run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server refused the user name or password.");
}

#[tokio::test]
async fn a_wrong_password_that_uses_up_all_attempts_is_rejected() {
    let options = SshdOptions { more: vec!["MaxAuthTries 1".into()], ..SshdOptions::default() };
    let server = Sshd::start(options);
    let outcome = with_password(server.port(), server.user(), "not-the-password").run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server counted too many failed logins.");
    assert_eq!(as_account_of(&server).run().await.code(), TestCode::Ok);
}

#[tokio::test]
async fn a_server_that_asks_by_keyboard_gets_the_password_once() {
    let options = SshdOptions { passwords: false, keyboard_interactive: true, ..SshdOptions::default() };
    let server = Sshd::start(options);
    let outcome = as_account_of(&server).run().await;
    assert_eq!(outcome.code(), TestCode::Ok, "{outcome:?}\n{}", server.log());
    let outcome = with_password(server.port(), server.user(), "not-the-password").run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server refused the user name or password.");
}

#[tokio::test]
async fn a_server_that_takes_only_keys_is_never_sent_the_password() {
    let server = Sshd::start(SshdOptions { passwords: false, ..SshdOptions::default() });
    let outcome = as_account_of(&server).run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server does not let this user in with a password.");
    let log = server.log_with("[preauth]");
    assert!(log.contains("method none") && !log.contains("method password"), "{log}");
}

#[tokio::test]
async fn questions_beyond_the_password_mean_a_second_factor() {
    let second =
        Scripted::start(Login::Keyboard(vec![Ask::hidden("Password: "), Ask::hidden("Code: ")])).await;
    let shown = Scripted::start(Login::Keyboard(vec![Ask::shown("Code: ")])).await;
    for server in [second, shown] {
        let outcome = with_password(server.port(), "user", "secret").run().await;
        assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
        assert_eq!(outcome.message(), "The server asks this user for a second factor.");
        assert!(server.answers().len() <= 1);
    }
}

#[tokio::test]
async fn a_password_that_has_expired_is_no_second_factor() {
    let change = vec![Ask::hidden("Password: "), Ask::hidden("New password: ")];
    let server = Scripted::start(Login::Keyboard(change)).await;
    let outcome = with_password(server.port(), "user", "secret").run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert!(outcome.message().contains("has expired"), "{outcome:?}");
    assert_eq!(server.answers(), ["secret"]);
}

#[tokio::test]
async fn a_server_that_refuses_before_it_asks_has_not_judged_the_password() {
    let server = Scripted::start(Login::NoQuestions).await;
    let outcome = with_password(server.port(), "user", "secret").run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server does not let this user in with a password.");
}

#[tokio::test]
async fn an_account_whose_folder_may_not_confine_it_is_told_so() {
    let confined = "ChrootDirectory /tmp".into();
    let server = Sshd::start(SshdOptions { more: vec![confined], ..SshdOptions::default() });
    let outcome = as_account_of(&server).run().await;
    assert_eq!(
        (outcome.code(), outcome.failed_in()),
        (TestCode::ProviderError, Some("probe")),
        "{outcome:?}"
    );
    assert!(outcome.verdict.hint.as_deref().unwrap().contains("ChrootDirectory"), "{outcome:?}");
}

#[tokio::test]
async fn empty_rounds_of_questions_are_answered_and_come_to_an_end() {
    let kind =
        Scripted::start(Login::Keyboard(vec![Ask::nothing(), Ask::hidden("Password: "), Ask::nothing()]))
            .await;
    assert_eq!(with_password(kind.port(), "user", "secret").run().await.code(), TestCode::Ok);
    assert_eq!(kind.answers(), ["secret"]);
    let endless = Scripted::start(Login::Keyboard(vec![Ask::nothing(); 100])).await;
    let outcome = with_password(endless.port(), "user", "secret").run().await;
    assert_eq!(outcome.code(), TestCode::ProviderError, "{outcome:?}");
}

#[tokio::test]
async fn a_password_that_is_only_half_of_the_login_is_rejected_with_a_reason() {
    let server = Scripted::start(Login::MoreThanPassword).await;
    let outcome = with_password(server.port(), "user", "secret").run().await;
    assert_eq!(outcome.code(), TestCode::AuthRejected, "{outcome:?}");
    assert_eq!(outcome.message(), "The server asks this user for a second factor.");
}

#[tokio::test]
async fn a_server_that_hangs_up_during_the_login_has_not_judged_the_password() {
    let server = Scripted::start(Login::HangUp).await;
    let outcome = with_password(server.port(), "user", "secret").run().await;
    assert_eq!(
        (outcome.code(), outcome.failed_in()),
        (TestCode::ProviderError, Some("login")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_server_that_does_not_look_at_the_password_leaves_it_untested() {
    let nothing_to_answer = vec![Ask::nothing()];
    for login in [Login::Open, Login::Keyboard(vec![]), Login::Keyboard(nothing_to_answer)] {
        let server = Scripted::start(login.clone()).await;
        let outcome = with_password(server.port(), "user", "secret").run().await;
        assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::Ok, None), "{login:?}: {outcome:?}");
        assert!(outcome.message().contains("stays untested"), "{login:?}: {outcome:?}");
        assert!(outcome.verdict.hint.is_some(), "{login:?}");
    }
    let server = Scripted::start(Login::Accept).await;
    let outcome = with_password(server.port(), "user", "secret").run().await;
    assert_eq!((outcome.code(), outcome.message()), (TestCode::Ok, ""), "{outcome:?}");
}

#[tokio::test]
async fn a_closed_port_is_not_reachable() {
    let port = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let outcome = with_password(port, "user", "secret").run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::NotReachable, Some("reach")));
}
