//! `POST /integrations/sftp/test-connection`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{MAX_PROBE_PATH_BYTES, TestConnection, to};
use strongroom_domain::{CredentialType, Json, Rule};
use strongroom_http_kit::{
    ALLOWANCE, Call, Doc, Fault, FromJson, Handle, Refusal, Route, body_of, one_of, renamed, request,
};

use super::{Port, REPORTED, TextField, answer, needed, submission};

pub(crate) const ROUTE: Route =
    Route::post("/integrations/sftp/test-connection", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: body_of::<SftpConnection>(),
    answer_headers: &ALLOWANCE,
    refusals: &[429],
    ..Doc::new("Tests an SFTP connection and stores nothing", REPORTED)
};

request! {
    /// An SFTP connection. `password` is needed to log in with a password, `private_key_data` to log in with
    /// a key; what belongs to the other way is passed over.
    struct SftpConnection as "SftpConnectionTest" {
        /// The host's name or address.
        #[schema({ "minLength": 1 })]
        host: TextField,
        /// The port; 22 when absent.
        port: Option<Port>,
        /// The name to log in with.
        #[schema({ "minLength": 1 })]
        username: TextField,
        /// How to log in. `password` is another spelling of `user_password`.
        auth_type: AuthType,
        /// The password.
        password: Option<TextField>,
        /// The private key, in PEM or in the format of OpenSSH.
        private_key_data: Option<TextField>,
        /// The passphrase of the private key, when it has one.
        private_key_passphrase: Option<TextField>,
        /// The fingerprint that a host key of the server must have, as `ssh-keygen -l` or vendors print it.
        host_key_fingerprint: Option<TextField>,
        /// A path to list as part of the test, at most 1024 bytes without control characters.
        test_path: Option<TestPath>,
    }
    with json!({
        "if": { "properties": { "auth_type": { "const": "key_file" } } },
        "then": needed(&["private_key_data"]),
        "else": needed(&["password"]),
    });
}

/// The fields that the catalog names otherwise.
const RENAMED: [(&str, &str); 2] =
    [("private_key_data", "private_key"), ("private_key_passphrase", "passphrase")];

struct AuthType(CredentialType);

impl AuthType {
    const SPELLINGS: [(&str, CredentialType); 3] = [
        ("user_password", CredentialType::UserPassword),
        ("password", CredentialType::UserPassword),
        ("key_file", CredentialType::KeyFile),
    ];
}

impl FromJson for AuthType {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let text = String::from_json(json)?;
        let found = Self::SPELLINGS.into_iter().find(|(spelling, _)| *spelling == text);
        let rule = Rule::fixed("must be one of: user_password, password, key_file");
        found.map(|(_, kind)| Self(kind)).ok_or(Fault::wrong_value(&rule))
    }

    fn schema() -> Value {
        one_of(Self::SPELLINGS.map(|(spelling, _)| spelling))
    }
}

struct TestPath(String);

impl FromJson for TestPath {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let path = String::from_json(json)?;
        if path.len() > MAX_PROBE_PATH_BYTES || path.chars().any(char::is_control) {
            return Err(Rule::fixed("must be a path of at most 1024 bytes without control characters").into());
        }
        Ok(Self(path))
    }

    fn schema() -> Value {
        let printable = r"^[^\u0000-\u001f\u007f-\u009f]*$";
        json!({ "type": "string", "maxLength": MAX_PROBE_PATH_BYTES, "pattern": printable })
    }
}

async fn handle(mut call: Call<to::TestCredential>) -> Result<HttpResponse, Refusal> {
    let asked = call.body::<SftpConnection>()?.into_test();
    let tested = call.app.connection_tests.test(&call.caller, asked).await;
    Ok(answer(&tested.map_err(|failure| renamed(failure, &RENAMED))?))
}

impl SftpConnection {
    /// A form may send what belongs to the other way to log in along with it, which is left out.
    fn into_test(self) -> TestConnection {
        let AuthType(credential_type) = self.auth_type;
        let text = |field: Option<TextField>| field.map(|text| text.0);
        let of = |kind: CredentialType, field| text(field).filter(|_| kind == credential_type);
        TestConnection {
            provider: "sftp".into(),
            credential_type,
            credentials: submission([
                ("host", Some(self.host.0)),
                ("port", self.port.map(|port| port.0)),
                ("username", Some(self.username.0)),
                ("password", of(CredentialType::UserPassword, self.password)),
                ("private_key", of(CredentialType::KeyFile, self.private_key_data)),
                ("passphrase", of(CredentialType::KeyFile, self.private_key_passphrase)),
                ("host_key_fingerprint", text(self.host_key_fingerprint)),
            ]),
            probe_path: self.test_path.map(|path| path.0).filter(|path| !path.is_empty()),
        }
    }
}
