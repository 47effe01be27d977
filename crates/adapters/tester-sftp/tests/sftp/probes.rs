use std::fs;

use strongroom_domain::TestCode;
use strongroom_fixtures::sshd::{Sshd, SshdOptions};
use strongroom_provider_tester::MAX_PROBE_PATH_BYTES;

use crate::attempt::{as_account_of, with_password};
use crate::scripted::{Disk, Login, Scripted, Sftp};

#[tokio::test]
async fn a_probe_writes_reads_and_leaves_nothing_behind() {
    let server = Sshd::start(SshdOptions::default());
    let upload = server.home().join("upload");
    for path in ["upload", "upload/", upload.to_str().unwrap()] {
        let outcome = as_account_of(&server).probing(path).run().await;
        assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::Ok, None), "{path}: {outcome:?}");
    }
    assert_eq!(fs::read_dir(upload).unwrap().count(), 0);
}

#[tokio::test]
async fn a_locked_folder_is_a_missing_permission() {
    let server = Sshd::start(SshdOptions::default());
    let outcome = as_account_of(&server).probing("locked").run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::Insufficient, Some("probe")), "{outcome:?}");
    assert_eq!(outcome.message(), "The login works, but the account may not write in the test path.");
    assert_eq!(fs::read_dir(server.home().join("locked")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_test_path_that_is_no_folder_is_a_wrong_setting() {
    let server = Sshd::start(SshdOptions::default());
    fs::write(server.home().join("file"), "").unwrap();
    for path in ["missing", "file", "upload/missing/too"] {
        let outcome = as_account_of(&server).probing(path).run().await;
        let failed = (outcome.code(), outcome.failed_in());
        assert_eq!(failed, (TestCode::InvalidConfig, Some("probe")), "{path}: {outcome:?}");
    }
    let longest = "a/".repeat(MAX_PROBE_PATH_BYTES / 2);
    let outcome = as_account_of(&server).probing(longest.clone()).run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::InvalidConfig, Some("probe")));
    let outcome = as_account_of(&server).probing(format!("{longest}a")).run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::InvalidConfig, Some("parse")));
    assert!(outcome.verdict.hint.unwrap().contains(&MAX_PROBE_PATH_BYTES.to_string()));
    let outcome = as_account_of(&server).probing("a\u{0}b").run().await;
    assert_eq!((outcome.code(), outcome.failed_in()), (TestCode::InvalidConfig, Some("parse")));
}

#[tokio::test]
async fn a_login_without_sftp_is_a_missing_permission() {
    let without = Sshd::start(SshdOptions { sftp: false, ..SshdOptions::default() });
    let forced = SshdOptions { more: vec!["ForceCommand /bin/false".into()], ..SshdOptions::default() };
    let no_subsystem = "The login works, but the server does not start SFTP for this account.";
    let no_sftp = "The login works, but what the server starts for this account is not SFTP.";
    for (server, message) in [(without, no_subsystem), (Sshd::start(forced), no_sftp)] {
        let outcome = as_account_of(&server).run().await;
        let failed = (outcome.code(), outcome.failed_in());
        assert_eq!(failed, (TestCode::Insufficient, Some("probe")), "{outcome:?}");
        assert_eq!(outcome.message(), message);
    }
}

#[tokio::test]
async fn the_file_of_a_probe_is_removed_whatever_goes_wrong_after_it_was_made() {
    for (disk, code) in [
        (Disk::RefusesToWrite, TestCode::Insufficient),
        (Disk::RefusesToRead, TestCode::Insufficient),
        (Disk::ReadsOtherBytes, TestCode::ProviderError),
        (Disk::NeverAnswersReads, TestCode::Timeout),
    ] {
        let server = Scripted::with_sftp(Login::Accept, Sftp::Disk(disk)).await;
        let outcome = with_password(server.port(), "user", "secret").probing("upload").run().await;
        assert_eq!((outcome.code(), outcome.failed_in()), (code, Some("probe")), "{disk:?}: {outcome:?}");
        let (made, removed) = (server.made(), server.removed());
        assert_eq!((made.len(), &made), (1, &removed), "{disk:?}");
        assert!(made[0].starts_with("upload/.strongroom-test-"), "{disk:?}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_is_named_in_the_report() {
    let server = Scripted::with_sftp(Login::Accept, Sftp::Disk(Disk::RefusesToRemove)).await;
    let outcome = with_password(server.port(), "user", "secret").probing("upload").run().await;
    assert_eq!(outcome.code(), TestCode::Insufficient, "{outcome:?}");
    assert!(outcome.message().contains(".strongroom-test"));
}
