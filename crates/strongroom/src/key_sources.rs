//! The key ring and the secret of the local issuer: where they come from, and what is said when they are
//! lost.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_environment::Randomness;
use strongroom_environment_system::SystemRandomness;
use strongroom_vault_ring::KeyRing;
use zeroize::Zeroizing;

use crate::data_dir::{DataDir, FoundDatabase};
use crate::{Builder, KeySource, SecretSource, StartError, secret_file};

const KEYS: &str = "vault.keys";
const KEYS_FILE: &str = "vault.keys_file";
const JWT_SECRET_FILE: &str = "auth.jwt_secret_file";

/// What is said of a key ring that was there when the database was used, and is gone.
const LOST_KEYS: &str = "does not exist. Restore the file from where it is kept: nothing else opens what was sealed with \
     its keys, and no new key ring is made beside a database";
/// What is said of a key ring that a setting names.
const NO_KEYS: &str = "does not exist. For a vault that has been used, restore the file: nothing else opens what was sealed \
     with its keys. For a new one, `strongroom keys generate` prints a key";
/// What is said of a secret that can be replaced.
const LOST_SECRET: &str = "does not exist. Restore the file, or set auth.jwt_secret or auth.jwt_secret_file to at least 32 \
     random bytes: with a new secret, tokens that were issued before are refused, and nothing else is lost";

/// Reads the key ring.
pub(crate) fn key_ring(builder: &Builder, data_dir: &DataDir) -> Result<KeyRing, StartError> {
    let text = match &builder.keys {
        Some(KeySource::Inline(text)) => Zeroizing::new(text.expose().to_owned()),
        Some(KeySource::File(path)) if is_missing(path) => {
            return Err(StartError::setting(KEYS_FILE, format!("{}: {NO_KEYS}", path.display())));
        }
        Some(KeySource::File(path)) => secret_file::read_named(KEYS_FILE, path)?,
        None if builder.is_embedded() => {
            let path = data_dir.key_file();
            if is_missing(&path) {
                return Err(StartError::file(path, LOST_KEYS));
            }
            secret_file::read_own(&path)?
        }
        None => {
            return Err(StartError::Required(
                "PostgreSQL needs a key ring: set vault.keys (STRONGROOM_VAULT__KEYS) or vault.keys_file; \
                 `strongroom keys generate` makes a key",
            ));
        }
    };
    KeyRing::parse(&text).map_err(|error| of_keys(builder, data_dir, error))
}

/// Whether there is no file. A folder on the way that is closed to us is another problem.
fn is_missing(path: &Path) -> bool {
    path.try_exists().is_ok_and(|exists| !exists)
}

/// An error of the key ring, with the place that the ring came from.
pub(crate) fn of_keys(builder: &Builder, data_dir: &DataDir, problem: impl std::fmt::Display) -> StartError {
    match &builder.keys {
        Some(KeySource::Inline(_)) => StartError::setting(KEYS, problem),
        Some(KeySource::File(path)) => {
            StartError::setting(KEYS_FILE, format!("{}: {problem}", path.display()))
        }
        None => StartError::file(data_dir.key_file(), problem),
    }
}

/// Reads the secret of the local issuer.
pub(crate) fn jwt_secret(builder: &Builder, data_dir: &DataDir) -> Result<Zeroizing<Vec<u8>>, StartError> {
    let text = match &builder.jwt_secret {
        Some(SecretSource::Inline(text)) => Zeroizing::new(text.expose().to_owned()),
        Some(SecretSource::File(path)) => secret_file::read_named(JWT_SECRET_FILE, path)?,
        None if builder.is_embedded() => {
            let path = data_dir.jwt_secret_file();
            if is_missing(&path) {
                return Err(StartError::file(path, LOST_SECRET));
            }
            secret_file::read_own(&path)?
        }
        None => {
            return Err(StartError::Required(
                "PostgreSQL needs a JWT secret: set auth.jwt_secret (STRONGROOM_AUTH__JWT_SECRET) or \
                 auth.jwt_secret_file to at least 32 random bytes",
            ));
        }
    };
    Ok(Zeroizing::new(text.trim().as_bytes().to_vec()))
}

/// Makes the key ring and the JWT secret of an embedded store, unless they exist or come from the settings.
/// Beside a database that exists no key ring is made: a set-up makes the keys before the database has its
/// name.
pub(crate) fn make_missing_keys(
    builder: &Builder,
    data_dir: &DataDir,
    found: FoundDatabase,
) -> Result<(), StartError> {
    if builder.keys.is_none() && !data_dir.key_file().exists() {
        if found == FoundDatabase::Yes {
            return Err(StartError::file(data_dir.key_file(), LOST_KEYS));
        }
        secret_file::write(&data_dir.key_file(), &KeyRing::generate("k1")?.render())?;
    }
    if builder.jwt_secret.is_none() && !data_dir.jwt_secret_file().exists() {
        secret_file::write(&data_dir.jwt_secret_file(), &random_secret()?)?;
    }
    Ok(())
}

/// A new secret for the local issuer.
pub(crate) fn random_secret() -> Result<Zeroizing<String>, StartError> {
    let mut bytes = Zeroizing::new([0; 48]);
    SystemRandomness.fill(bytes.as_mut()).map_err(|error| StartError::Token(error.to_string()))?;
    Ok(Zeroizing::new(STANDARD.encode(bytes.as_ref())))
}
