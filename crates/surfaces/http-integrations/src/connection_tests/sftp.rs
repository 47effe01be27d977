//! `POST /integrations/sftp/test-connection`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{MAX_PROBE_PATH_BYTES, TestConnection, to};
use strongroom_domain::{CredentialType, Rule, SecretText, SubmittedValue};
use strongroom_http_kit::{ALLOWANCE, Call, Doc, Fields, Handle, Refusal, Route, Schema, one_of, or_null};

use super::{REPORTED, answer, needed, renamed, submission};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::post("/integrations/sftp/test-connection", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "SftpConnectionTest", json: connection_test }),
    answer_headers: &ALLOWANCE,
    refusals: &[429],
    ..Doc::new("Tests an SFTP connection and stores nothing", REPORTED)
};

/// The names of this route beside those of the catalog.
const NAMES: [(&str, &str); 5] = [
    ("port", "port"),
    ("password", "password"),
    ("private_key_data", "private_key"),
    ("private_key_passphrase", "passphrase"),
    ("host_key_fingerprint", "host_key_fingerprint"),
];

async fn handle(mut call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let asked = read(call.body()?)?;
    let tested = call.app.connection_tests.test(&call.caller, asked).await;
    Ok(answer(&tested.map_err(|failure| renamed(failure, &NAMES))?))
}

fn read(mut body: Fields) -> Result<TestConnection, Refusal> {
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

fn connection_test() -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    json!({
        "type": "object",
        "properties": {
            "host": text(),
            "port": schema::port(),
            "username": text(),
            "auth_type": one_of(["user_password", "password", "key_file"]),
            "password": or_null(schema::secret()),
            "private_key_data": or_null(schema::secret()),
            "private_key_passphrase": or_null(schema::secret()),
            "host_key_fingerprint": or_null(schema::secret()),
            "test_path": or_null(json!({ "type": "string", "maxLength": MAX_PROBE_PATH_BYTES })),
        },
        "required": ["host", "username", "auth_type"],
        "additionalProperties": false,
        "if": { "properties": { "auth_type": { "const": "key_file" } } },
        "then": needed(&["private_key_data"]),
        "else": needed(&["password"]),
    })
}
