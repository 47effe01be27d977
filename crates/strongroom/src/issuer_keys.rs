//! Reads the key files of issuers again while the server runs, so that a new key is accepted and a withdrawn
//! one is refused without a restart.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_environment_system::JwtVerifier;
use strongroom_environment_system::tokens::KeyNote;

use crate::{host_files, secret_file};

/// The key files of all issuers.
pub(crate) struct IssuerKeyFiles {
    verifier: Arc<JwtVerifier>,
    files: Mutex<Vec<KeyFile>>,
}

struct KeyFile {
    issuer: String,
    path: PathBuf,
    /// What was read last, whether it was taken or not; `None` before the first time.
    seen: Option<Result<String, String>>,
}

impl IssuerKeyFiles {
    /// The files, which are read for the first time by [`Self::read_again`].
    pub(crate) fn new(verifier: Arc<JwtVerifier>, issuers: impl Iterator<Item = (String, PathBuf)>) -> Self {
        let files = issuers.map(|(issuer, path)| KeyFile { seen: None, issuer, path }).collect();
        Self { verifier, files: Mutex::new(files) }
    }

    /// Reads every file again. One that cannot be read, or holds no key set, leaves the keys as they are; the
    /// log says so once.
    pub(crate) fn read_again(&self) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for KeyFile { issuer, path, seen } in files.iter_mut() {
            let now = read(path);
            if seen.as_ref() == Some(&now) {
                continue;
            }
            let taken = now.clone().and_then(|jwks| {
                self.verifier.replace_keys(issuer, jwks).map_err(|error| error.problem.to_string())
            });
            match taken {
                Ok(notes) => {
                    // The first time the keys are those of the start, unless the file has just changed.
                    if seen.is_some() {
                        tracing::info!(issuer, "the keys of an issuer have changed and were read again");
                    }
                    notes.iter().for_each(|note| tell(issuer, note));
                }
                Err(problem) => tracing::error!(
                    issuer,
                    path = %path.display(),
                    problem,
                    "the key file of an issuer has changed and is not used; the keys before stay"
                ),
            }
            *seen = Some(now);
        }
    }
}

/// Tells the operator about a key of a set. Keys for encryption and the like are usual in sets of providers.
fn tell(issuer: &str, note: &KeyNote) {
    let kid = note.kid.as_deref();
    match (note.is_used(), note.is_usual()) {
        (true, _) => {
            tracing::warn!(issuer, kid, "a key of an issuer is used and should not be there: {note}")
        }
        (false, true) => tracing::info!(issuer, kid, "a key of an issuer is not used: {note}"),
        (false, false) => tracing::warn!(issuer, kid, "a key of an issuer is not used: {note}"),
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    host_files::refuse_changeable(path)?;
    std::fs::read_to_string(path).map_err(|error| secret_file::unreadable(&error))
}
