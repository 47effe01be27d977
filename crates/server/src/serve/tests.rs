//! The OpenAPI document of every surface, compared with the committed one; and what a public URL means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use strongroom_http_kit::{BodyRule, ServedAt, document, documented, schemas};

use super::{DIALECTS, is_elsewhere};

const REGENERATE: &str = "UPDATE_OPENAPI=1 cargo nextest run -p strongroom-server openapi";

fn written() -> Value {
    document(DIALECTS, env!("CARGO_PKG_VERSION"), ServedAt::default())
}

#[test]
fn the_committed_openapi_document_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = format!("{:#}\n", written());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let mut pairs = committed.lines().zip(written.lines()).enumerate();
    let first = pairs.find(|(_, (committed, written))| committed != written);
    assert!(committed == written, "docs/openapi.json is old, first at {first:?}; renew it with {REGENERATE}");
}

#[test]
fn every_reference_of_the_openapi_document_resolves() {
    let document = written();
    let (mut found, mut open) = (0, vec![&document]);
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("references stay in the document");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    found += 1;
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(found > 100, "only {found} references");
}

#[test]
fn every_openapi_operation_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for documented in documented(DIALECTS) {
        assert!(ids.insert(documented.id()), "{} is there twice", documented.id());
    }
}

#[test]
fn every_openapi_schema_name_stands_for_one_schema() {
    let mut known = BTreeMap::new();
    for schema in schemas(DIALECTS) {
        let json = (schema.json)();
        let first = known.entry(schema.name).or_insert_with(|| json.clone());
        assert_eq!(*first, json, "two schemas are called {}", schema.name);
    }
}

#[test]
fn every_protected_route_is_in_the_openapi_document_with_who_may_call_it() {
    let document = written();
    let paths = document["paths"].as_object().unwrap();
    for dialect in DIALECTS {
        for route in dialect.routes.iter().filter(|route| route.operation().is_some()) {
            let (path, method) = (format!("{}{}", dialect.prefixes[0], route.path), (route.method)());
            // Of two spellings that differ in a trailing slash, one is shown.
            let spellings = [path.clone(), format!("{path}/"), path.trim_end_matches('/').to_owned()];
            let operation = spellings
                .iter()
                .find_map(|path| paths.get(path)?.get(method.as_str().to_ascii_lowercase()))
                .unwrap_or_else(|| panic!("{method} {path} is not documented"));
            assert_eq!(operation["security"].as_array().unwrap().len(), 2, "{method} {path}");
            assert!(operation["responses"]["401"].is_object(), "{method} {path}");
        }
    }
}

#[test]
fn every_parameter_and_every_body_is_in_the_openapi_document() {
    for documented in documented(DIALECTS) {
        let known = documented.dialect.doc.path_parameters;
        for name in documented.path_parameters() {
            assert!(known.iter().any(|known| known.name == name), "{}: {name}", documented.id());
        }
        let takes_fields = matches!(documented.route.body, BodyRule::Json | BodyRule::Form);
        assert_eq!(documented.route.doc.body.is_some(), takes_fields, "{}", documented.id());
        let answers = documented.route.doc.answers;
        assert!(!answers.is_empty(), "{}", documented.id());
        let refusals = documented.refusals();
        assert!(answers.iter().all(|answer| !refusals.contains(&answer.status)), "{}", documented.id());
    }
}

#[test]
fn only_loopback_addresses_and_localhost_are_this_host() {
    for here in
        ["http://localhost:8080", "http://LOCALHOST/vault", "http://127.0.0.2", "https://[::1]:8080/x"]
    {
        assert!(!is_elsewhere(here), "{here}");
    }
    for there in
        ["https://vault.example", "http://127.example", "http://localhost.example", "https://[2001:db8::1]"]
    {
        assert!(is_elsewhere(there), "{there}");
    }
}
