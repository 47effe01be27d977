use std::fs;

use strongroom_environment::Catalog;
use tempfile::tempdir;

use super::mistakes::GOOD;
use crate::FileCatalog;

#[test]
fn an_overlay_adds_a_provider_and_replaces_another() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("acme.toml"), GOOD).unwrap();
    let github = GOOD.replace("id = \"acme\"", "id = \"github\"");
    fs::write(folder.path().join("github.toml"), github).unwrap();
    fs::write(folder.path().join("README.md"), "not a provider").unwrap();

    let embedded = FileCatalog::embedded().unwrap();
    let catalog = FileCatalog::with_overlay(folder.path()).unwrap();

    assert_eq!(catalog.all().len(), embedded.all().len() + 1);
    assert!(embedded.find("acme").is_none());
    assert_eq!(catalog.find("acme").unwrap().display_name, "Acme");
    assert_eq!(embedded.find("github").unwrap().display_name, "GitHub");
    assert_eq!(catalog.find("github").unwrap().display_name, "Acme");
    assert_eq!(catalog.find("sftp").unwrap().display_name, "SFTP");
}

#[test]
fn an_overlay_that_cannot_be_read_is_a_problem() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = FileCatalog::with_overlay(&missing).unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert_eq!(error.problems[0].file, missing.display().to_string());
    assert!(error.problems[0].reason.starts_with("cannot be read: "), "{error}");

    fs::write(folder.path().join("bytes.toml"), [0xff, 0xfe]).unwrap();
    let error = FileCatalog::with_overlay(folder.path()).unwrap_err();
    assert!(error.problems[0].file.ends_with("bytes.toml"), "{error}");
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    let folder = tempdir().unwrap();
    let first = GOOD.replace("https://", "http://").replace("type = \"host\"", "type = \"hots\"");
    fs::write(folder.path().join("acme.toml"), first).unwrap();
    fs::write(folder.path().join("beta.toml"), "schema = 2").unwrap();
    let error = FileCatalog::with_overlay(folder.path()).unwrap_err();
    let places: Vec<_> = error
        .problems
        .iter()
        .map(|problem| (problem.file.rsplit('/').next().unwrap(), problem.key.as_str()))
        .collect();
    assert_eq!(
        places,
        [("acme.toml", "docs_url"), ("acme.toml", "field.host.type"), ("beta.toml", "schema")]
    );
    let text = error.to_string();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("beta.toml: schema: must be 1"), "{text}");
}

#[test]
fn the_file_that_the_documentation_shows_loads() {
    let page = include_str!("../../../../../docs/PROVIDERS.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("acme.toml"), example).unwrap();
    FileCatalog::with_overlay(folder.path()).unwrap_or_else(|error| panic!("{error}"));
}
