//! `POST /integrations/sftp/test-connection`

use actix_web::HttpResponse;
use strongroom_application::{Failure, TestConnection};
use strongroom_domain::{CredentialType, Operation, Rule};
use strongroom_http_kit::{Call, Fields, Route};

use super::{answer, renamed, submission};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/sftp/test-connection", Operation::TestCredential, |call| {
        Box::pin(handle(call))
    });

/// The names of this route beside those of the catalog.
const NAMES: [(&str, &str); 7] = [
    ("host", "host"),
    ("port", "port"),
    ("username", "username"),
    ("password", "password"),
    ("private_key_data", "private_key"),
    ("private_key_passphrase", "passphrase"),
    ("host_key_fingerprint", "host_key_fingerprint"),
];

async fn handle(mut call: Call) -> Result<HttpResponse, Failure> {
    let asked = read(call.body()?)?;
    let tested = call.app.test_connection(&call.caller, asked).await;
    Ok(answer(&tested.map_err(|failure| renamed(failure, &NAMES))?))
}

fn read(mut body: Fields) -> Result<TestConnection, Failure> {
    let credential_type = body.required_choice("auth_type", auth_type);
    let probe_path = body.parsed("test_path", path);
    let credentials = submission(&mut body, &NAMES);
    body.finish(|| {
        Some(TestConnection {
            provider: "sftp".into(),
            credential_type: credential_type?,
            credentials,
            probe_path: probe_path.filter(|path| !path.is_empty()),
        })
    })
}

fn auth_type(text: &str) -> Result<CredentialType, Rule> {
    match text {
        "user_password" | "password" => Ok(CredentialType::UserPassword),
        "key_file" => Ok(CredentialType::KeyFile),
        _ => Err(Rule::fixed("must be one of: user_password, password, key_file")),
    }
}

/// The longest path that common servers take (PATH_MAX of Linux).
const MAX_PATH_BYTES: usize = 4096;

fn path(text: &str) -> Result<String, Rule> {
    if text.len() > MAX_PATH_BYTES || text.chars().any(char::is_control) {
        return Err(Rule::fixed("must be a path of at most 4096 bytes without control characters"));
    }
    Ok(text.to_owned())
}
