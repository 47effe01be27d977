//! Connections are tested within limits, and the finding of a test is reported and kept.

mod before_storing;
mod budget;
mod keys;
mod places;
mod rates;
mod reports;
mod stored;

use strongroom_application::{Application, Caller, Failure, TestConnection, Tested};
use strongroom_domain::{CredentialType, Submission};
use tokio::task::JoinHandle;

use crate::house::{admitted, fields};

/// A login at an SFTP server.
fn sftp() -> TestConnection {
    TestConnection {
        provider: "SFTP".to_owned(),
        credential_type: CredentialType::UserPassword,
        credentials: login(),
        probe_path: None,
    }
}

fn login() -> Submission {
    fields(&[("host", "files.example.test"), ("username", "etl"), ("password", "hunter2")])
}

/// An API key of `metrics`.
fn metrics() -> TestConnection {
    TestConnection {
        provider: "metrics".to_owned(),
        credential_type: CredentialType::ApiKey,
        credentials: fields(&[("api_key", "k-1")]),
        probe_path: None,
    }
}

async fn test(app: &Application, caller: &Caller, asked: TestConnection) -> Result<Tested, Failure> {
    app.connection_tests.test(&admitted(app, caller), asked).await
}

/// A test that is under way.
fn testing(app: &Application, caller: &Caller, asked: TestConnection) -> JoinHandle<Result<Tested, Failure>> {
    let (app, caller) = (app.clone(), caller.clone());
    tokio::spawn(async move { test(&app, &caller, asked).await })
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}
