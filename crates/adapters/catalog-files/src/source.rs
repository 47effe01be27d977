//! Reads `[[source]]`: where the facts of a file come from, and when somebody read it.

use std::ops::RangeInclusive;

use serde::Deserialize;
use toml::value::Datetime;

use crate::problem::Problems;

/// `[[source]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    url: String,
    /// A date of TOML, which arrives here as its text.
    read: String,
    #[serde(rename = "for")]
    subject: String,
    /// Whether a stored copy was read, which may be older than `read`.
    #[serde(default, rename = "copy")]
    _copy: bool,
}

/// The first and the last day on which a source can have been read: since the vault has files, and not in a
/// year whose digits were mistyped.
const YEARS: RangeInclusive<u16> = 2026..=2099;

/// Whose a provider file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is compiled in, so that people who did not write it rely on it: it must name its sources.
    BuiltIn,
    /// An operator or a program gives it.
    Given,
}

/// Checks the sources of a file. The vault does not use them: they are for people who look at the file.
pub(crate) fn check(tables: Vec<toml::Table>, origin: Origin, problems: &mut Problems) {
    if tables.is_empty() && origin == Origin::BuiltIn {
        problems.add(
            "source",
            "must be there: a built-in file says where its facts come from and when they were read",
        );
    }
    for (at, table) in tables.into_iter().enumerate() {
        let key = format!("source[{at}]");
        let Some(source) = problems.read_table::<SourceTable>(&key, table) else { continue };
        if !source.url.starts_with("https://") || source.url.contains(char::is_whitespace) {
            problems.add(format!("{key}.url"), "must be an https URL");
        }
        if !is_day(&source.read) {
            problems.add(format!("{key}.read"), "must be the day on which it was read, such as 2026-11-30");
        }
        if source.subject.trim().is_empty() {
            problems.add(format!("{key}.for"), "must say what it was read for");
        }
    }
}

fn is_day(text: &str) -> bool {
    let Ok(Datetime { date: Some(date), time: None, offset: None }) = text.parse() else { return false };
    YEARS.contains(&date.year)
}
