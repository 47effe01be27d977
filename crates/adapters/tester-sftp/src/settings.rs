use std::sync::Arc;

use russh::keys::{Algorithm, PrivateKey};
use strongroom_domain::{ConfigValue, Content, CredentialType, SecretText};
use strongroom_provider_tester::{MAX_PROBE_PATH_BYTES, TestSubject};

use crate::ending::{Ending, misconfigured};
use crate::key_opener::KeyOpener;

/// How a key in PKCS #8 begins (RFC 7468, sections 10 and 11).
const PKCS8: [&str; 2] = ["-----BEGIN PRIVATE KEY-----", "-----BEGIN ENCRYPTED PRIVATE KEY-----"];

/// The usual port of SSH servers (RFC 4253, section 4.1).
const DEFAULT_PORT: u16 = 22;

/// The settings of an SFTP test.
pub(crate) struct Settings {
    /// Host name or address.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
    /// The user to log in.
    pub(crate) username: String,
    /// The fingerprint that the host key must have.
    pub(crate) host_key_fingerprint: Option<String>,
    /// How the user authenticates.
    pub(crate) proof: Proof,
    /// The folder to write a file in.
    pub(crate) probe_path: Option<String>,
    /// Whether older clients do not read the private key.
    pub(crate) is_key_of_new_form: bool,
}

/// How a user authenticates.
pub(crate) enum Proof {
    /// By a password.
    Password(SecretText),
    /// By a private key.
    Key(Arc<PrivateKey>),
}

impl Settings {
    /// Reads a credential.
    ///
    /// # Errors
    /// `invalid_config` when something is missing or cannot be read, `timeout` when a private key could not
    /// be opened in time.
    pub(crate) async fn read(subject: &TestSubject, keys: &KeyOpener) -> Result<Self, Ending> {
        let content = &*subject.content;
        let mut is_key_of_new_form = false;
        let proof = match subject.credential_type {
            CredentialType::UserPassword => Proof::Password(secret(content, "password")?.duplicate()),
            CredentialType::KeyFile => {
                let text = secret(content, "private_key")?;
                let passphrase = content.secret.get("passphrase").map(SecretText::duplicate);
                let key = keys.open(text.duplicate(), passphrase).await?;
                is_key_of_new_form = key.algorithm() == Algorithm::Ed25519
                    && PKCS8.iter().any(|label| text.expose().starts_with(label));
                Proof::Key(Arc::new(key))
            }
            _ => return Err(incomplete()),
        };
        Ok(Self {
            host: text(content, "host").ok_or_else(incomplete)?.to_owned(),
            port: port(content)?,
            username: text(content, "username").ok_or_else(incomplete)?.to_owned(),
            host_key_fingerprint: text(content, "host_key_fingerprint").map(str::to_owned),
            proof,
            probe_path: subject.probe_path.as_deref().map(folder).transpose()?,
            is_key_of_new_form,
        })
    }
}

fn incomplete() -> Ending {
    misconfigured("The credential is incomplete.", "Store host, user name, and password or private key.")
}

fn text<'a>(content: &'a Content, field: &str) -> Option<&'a str> {
    match content.config.get(field) {
        Some(ConfigValue::Text(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn secret<'a>(content: &'a Content, field: &str) -> Result<&'a SecretText, Ending> {
    content.secret.get(field).filter(|text| !text.is_empty()).ok_or_else(incomplete)
}

fn port(content: &Content) -> Result<u16, Ending> {
    match content.config.get("port") {
        None => Ok(DEFAULT_PORT),
        Some(ConfigValue::Integer(port)) => {
            u16::try_from(*port).ok().filter(|port| *port != 0).ok_or_else(incomplete)
        }
        Some(_) => Err(incomplete()),
    }
}

fn folder(path: &str) -> Result<String, Ending> {
    if path.is_empty() || path.len() > MAX_PROBE_PATH_BYTES || path.contains(char::is_control) {
        return Err(misconfigured(
            "The test path is not a path.",
            "Name a folder in at most 1024 bytes, without control characters.",
        ));
    }
    Ok(path.to_owned())
}
