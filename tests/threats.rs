//! Tests that every threat names the test of its defence (docs/threats.tsv), and that the test is there.

use std::path::Path;

/// The number of threats in the model.
const THREATS: usize = 56;

#[test]
fn every_threat_names_the_tests_of_its_defence_or_says_why_there_is_none() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let table = std::fs::read_to_string(root.join("docs/threats.tsv")).unwrap();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in table.lines().skip(1) {
        rows += 1;
        let columns: Vec<&str> = line.split('\t').collect();
        let tests: Vec<&str> =
            columns.get(2).map_or_else(Vec::new, |tests| tests.split_whitespace().collect());
        if columns[0] != rows.to_string() || columns.get(1).is_none_or(|threat| threat.is_empty()) {
            wrong.push(format!("row {rows} is {line}"));
        }
        if tests.is_empty() && columns.get(3).is_none_or(|open| open.is_empty()) {
            wrong.push(format!("threat {rows} has neither a test nor a reason"));
        }
        for test in tests {
            let (file, function) = test.split_once('#').unwrap_or((test, ""));
            let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {function}(")) {
                wrong.push(format!("threat {rows}: {test} is not there"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rows, THREATS);
}
