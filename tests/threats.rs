//! Tests that every threat names the tests of its defence (docs/threats.tsv), that these tests are there, and
//! that a patch takes the defence away (tests/defences, which scripts/defences applies).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The number of threats in the model.
const THREATS: usize = 56;

/// A row of the table.
struct Threat {
    number: String,
    name: String,
    /// Files and functions, as `tests/isolation.rs#no_route_reaches_into_another_organisation`.
    tests: Vec<(String, String)>,
    left_open: String,
    why_no_patch: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn threats() -> Vec<Threat> {
    let table = std::fs::read_to_string(root().join("docs/threats.tsv")).unwrap();
    let read = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        let mut column = || columns.next().unwrap_or_default();
        let (number, name, tests) = (column(), column(), column());
        let named = |test: &str| {
            let (file, function) = test.split_once('#').unwrap_or((test, ""));
            (file.to_owned(), function.to_owned())
        };
        let tests = tests.split_whitespace().map(named).collect();
        Threat { number, name, tests, left_open: column(), why_no_patch: column() }
    };
    table.lines().skip(1).map(read).collect()
}

#[test]
fn every_threat_names_the_tests_of_its_defence_or_says_why_there_is_none() {
    let mut wrong = Vec::new();
    let threats = threats();
    for (Threat { number, name, tests, left_open, .. }, place) in threats.iter().zip(1..) {
        if *number != place.to_string() || name.is_empty() {
            wrong.push(format!("row {place} is {number} {name}"));
        }
        if tests.is_empty() && left_open.is_empty() {
            wrong.push(format!("threat {number} has neither a test nor a reason"));
        }
        for (file, function) in tests {
            let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {function}(")) {
                wrong.push(format!("threat {number}: {file}#{function} is not there"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(threats.len(), THREATS);
}

/// A patch that takes a defence away.
struct Patch {
    path: PathBuf,
    text: String,
}

impl Patch {
    fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let mut headers = self.text.lines().take_while(|line| !line.is_empty());
        headers.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
    }

    /// The function of its test: `c` of `-p package -E 'test(=a::b::c)'`.
    fn function(&self) -> &str {
        let filter = self.header("Test").split_once("'test(=").and_then(|(_, rest)| rest.strip_suffix(")'"));
        filter.and_then(|path| path.rsplit("::").next()).unwrap_or_default()
    }

    /// The files that it changes.
    fn files(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("+++ b/"))
    }

    /// What is wrong with it beside its headers.
    fn fault(&self) -> Option<String> {
        if let Some(test) = self.files().find(|file| file.starts_with("tests/") || file.contains("/tests/")) {
            return Some(format!("changes a test: {test}"));
        }
        let check =
            Command::new("git").args(["apply", "--check"]).arg(&self.path).current_dir(root()).output();
        let check = check.expect("git is needed here, to see whether the patches of tests/defences apply");
        let said = String::from_utf8_lossy(&check.stderr).into_owned();
        (!check.status.success()).then_some(format!("does not apply: {said}"))
    }
}

fn patches() -> Vec<Patch> {
    let folder = std::fs::read_dir(root().join("tests/defences")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| Patch { text: std::fs::read_to_string(&path).unwrap(), path }).collect()
}

#[test]
fn every_defence_is_taken_away_by_a_patch_that_a_test_of_its_row_would_notice() {
    let (threats, mut wrong, mut taken_away) = (threats(), Vec::new(), BTreeSet::new());
    for patch in patches() {
        let (name, row, function) = (patch.name(), patch.header("Threat"), patch.function());
        let threat = threats.iter().find(|threat| threat.number == row);
        if threat.is_none() || !name.starts_with(&format!("{row:0>2}-")) || !name.ends_with(".patch") {
            wrong.push(format!("{name} is for threat {row:?}"));
        }
        if patch.header("Defence").is_empty() {
            wrong.push(format!("{name} does not say what it takes away"));
        }
        if !threat.is_some_and(|threat| threat.tests.iter().any(|(_, known)| known == function)) {
            wrong.push(format!("{name} names {function:?}, which is no test of threat {row}"));
        }
        wrong.extend(patch.fault().map(|fault| format!("{name} {fault}")));
        taken_away.insert(row.to_owned());
    }
    for Threat { number, tests, why_no_patch, .. } in threats {
        let has_patch = taken_away.contains(&number);
        if !tests.is_empty() && has_patch != why_no_patch.is_empty() {
            wrong.push(format!(
                "threat {number} has no patch and does not say why, or has one and says why not"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
