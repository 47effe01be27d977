//! `POST /integrations/sftp/test-connection`

use actix_web::HttpResponse;
use strongroom_application::{Failure, MAX_PROBE_PATH_BYTES, TestConnection};
use strongroom_domain::{CredentialType, Operation, Rule, SecretText, SubmittedValue};
use strongroom_http_kit::{Call, Fields, Route};

use super::{answer, renamed, submission};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/sftp/test-connection", Operation::TestCredential, |call| {
        Box::pin(handle(call))
    });

/// The names of this route beside those of the catalog.
const NAMES: [(&str, &str); 5] = [
    ("port", "port"),
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
    let required = [body.required::<SecretText>("host"), body.required("username")];
    let mut credentials = submission(&mut body, &NAMES);
    for (field, value) in ["host", "username"].into_iter().zip(required) {
        credentials.extend(value.map(|value| (field.to_owned(), SubmittedValue::Text(value))));
    }
    // A form may send what belongs to the other way to log in along with it.
    let of_other_kind: &[&str] = match credential_type {
        Some(CredentialType::KeyFile) => &["password"],
        _ => &["private_key", "passphrase"],
    };
    credentials.retain(|field, _| !of_other_kind.contains(&field.as_str()));
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

fn path(text: &str) -> Result<String, Rule> {
    if text.len() > MAX_PROBE_PATH_BYTES || text.chars().any(char::is_control) {
        return Err(Rule::fixed("must be a path of at most 1024 bytes without control characters"));
    }
    Ok(text.to_owned())
}
