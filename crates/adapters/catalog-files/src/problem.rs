//! What is wrong with a provider file.

use std::fmt;

use serde::de::DeserializeOwned;
use strongroom_domain::Rule;

/// One mistake: where it is and what was expected. It quotes names and keys, never an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file: its name when it is compiled in, its path when it is in an overlay folder.
    pub file: String,
    /// The key with its table, such as `field.host.pattern`, or the line when the text is not TOML.
    pub key: String,
    /// What was expected.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.key, self.reason)
    }
}

/// The error of a load: the provider files have mistakes, and all of them are listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider catalog is not valid{}", lines(.problems))]
pub struct CatalogError {
    /// Every problem of every file.
    pub problems: Vec<Problem>,
}

/// The problems of one file, as its checks find them.
pub(crate) struct Problems {
    file: String,
    found: Vec<Problem>,
}

impl Problems {
    pub(crate) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    /// Adds a mistake. A mistake that is found several times is listed once.
    pub(crate) fn add(&mut self, key: impl Into<String>, reason: impl Into<String>) {
        let problem = Problem { file: self.file.clone(), key: key.into(), reason: reason.into() };
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// Reads one table of the file on its own, so that a mistake in it does not hide the mistakes of other
    /// tables.
    pub(crate) fn read_table<T: DeserializeOwned>(&mut self, key: &str, table: toml::Table) -> Option<T> {
        match table.try_into() {
            Ok(read) => Some(read),
            Err(error) => {
                self.add(key, error.to_string().trim().replace('\n', " "));
                None
            }
        }
    }

    /// Reads a text that must be one of a closed set. The problem that it reports lists the set.
    pub(crate) fn read_text<T>(
        &mut self,
        key: &str,
        text: &str,
        parse: fn(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        parse(text).map_err(|rule| self.add(key, rule.to_string())).ok()
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.found
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
