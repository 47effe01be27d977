//! The provider catalog. It reads one TOML file per provider, checks it, and implements the [`Catalog`] port.
//!
//! The files of `config/providers` are compiled in; an operator's folder may add to them or replace
//! some. `docs/PROVIDERS.md` explains every key. A file with a mistake never loads in part: the server
//! does not start, and the error lists every problem of every file.

mod connection;
mod dialects;
mod field;
mod format;
mod names;
mod oauth;
mod patterns;
mod problem;
mod provider;
mod provider_test;
mod rules;
mod scope;
mod source;
mod template;
mod url;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use strongroom_declared_http::{Declarations, Declared};
use strongroom_domain::oauth::{Digest, sha256};
use strongroom_domain::{Provider, ProviderId};
use strongroom_environment::Catalog;

use crate::patterns::Patterns;
pub use crate::problem::{CatalogError, Problem};
use crate::source::Origin;

/// File name and text of each provider that is compiled in.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The file name and text of each provider file that is compiled in. They are for programs that rewrite them,
/// such as the provider simulator.
pub fn embedded_files() -> &'static [(&'static str, &'static str)] {
    EMBEDDED
}

/// Reads and checks one provider file outside of any catalog. Returns the provider and what the file declares
/// about HTTP. `file` is its name or path; the stem must be the provider's id.
///
/// # Errors
/// Every problem of the file.
pub fn read_provider(file: &str, text: &str) -> Result<(Provider, Declared), CatalogError> {
    provider::read(file, text, Origin::Given, &mut Patterns::default())
        .map_err(|problems| CatalogError { problems })
}

/// The providers of the checked files.
#[derive(Debug, Clone)]
pub struct FileCatalog {
    providers: BTreeMap<ProviderId, Arc<Provider>>,
    declarations: Arc<Declarations>,
    digest: Digest,
}

impl FileCatalog {
    /// The providers that are compiled in.
    ///
    /// # Errors
    /// A compiled-in file has a mistake, which this crate's tests would have shown.
    pub fn embedded() -> Result<Self, CatalogError> {
        Self::load(embedded(), Vec::new())
    }

    /// The compiled-in catalog with the `*.toml` files of a folder on top: each adds a provider or replaces
    /// the one of its id. Other files in the folder are left alone.
    ///
    /// # Errors
    /// Every problem of every file at once, also when the folder or a file cannot be read.
    pub fn with_overlay(folder: &Path) -> Result<Self, CatalogError> {
        let mut problems = Vec::new();
        let overlay = read_folder(folder, &mut problems);
        Self::load(
            embedded()
                .chain(overlay.iter().map(|(name, text)| (name.as_str(), text.as_str(), Origin::Given))),
            problems,
        )
    }

    /// The SHA-256 of all files, names and texts. It is another one when a file sends a secret somewhere
    /// else.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the files declare about HTTP: requests of tests, and requests to authorization servers.
    pub fn declarations(&self) -> Arc<Declarations> {
        Arc::clone(&self.declarations)
    }

    fn load<'a>(
        files: impl Iterator<Item = (&'a str, &'a str, Origin)>,
        mut problems: Vec<Problem>,
    ) -> Result<Self, CatalogError> {
        let mut providers = BTreeMap::new();
        let mut declarations = Declarations::default();
        let mut patterns = Patterns::default();
        let mut digests = String::new();
        for (name, text, origin) in files {
            digests += &format!("{name} {:02x?}\n", sha256(text));
            match provider::read(name, text, origin, &mut patterns) {
                Ok((provider, declared)) => {
                    declarations.insert(provider.id.clone(), declared);
                    providers.insert(provider.id.clone(), Arc::new(provider));
                }
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(CatalogError { problems });
        }
        Ok(Self { providers, declarations: Arc::new(declarations), digest: sha256(&digests) })
    }
}

impl Catalog for FileCatalog {
    fn find(&self, id: &str) -> Option<Arc<Provider>> {
        self.providers.get(&ProviderId::parse(id).ok()?).cloned()
    }

    fn all(&self) -> Vec<Arc<Provider>> {
        self.providers.values().cloned().collect()
    }
}

/// The compiled-in files, with their names.
fn embedded<'a>() -> impl Iterator<Item = (&'a str, &'a str, Origin)> {
    EMBEDDED.iter().map(|(name, text)| (*name, *text, Origin::BuiltIn))
}

/// Reads the provider files of a folder in the order of their names. Their problems name the whole path, so
/// that they are not mistaken for problems of a compiled-in file.
fn read_folder(folder: &Path, problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    let unreadable = |path: &Path, error: io::Error| Problem {
        file: path.display().to_string(),
        key: "file".to_owned(),
        reason: format!("cannot be read: {error}"),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(unreadable(folder, error));
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        match entry.map(|entry| entry.path()) {
            Err(error) => problems.push(unreadable(folder, error)),
            Ok(path) if path.extension().is_none_or(|extension| extension != "toml") => {}
            Ok(path) => match fs::read_to_string(&path) {
                Err(error) => problems.push(unreadable(&path, error)),
                Ok(text) => files.push((path.display().to_string(), text)),
            },
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests;
