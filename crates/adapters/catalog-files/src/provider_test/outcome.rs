//! Reads `outcomes` and `facts`: how an answer is read.

use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_declared_http::{JsonCheck, JsonCondition, OutcomeRule};
use strongroom_domain::TestCode;

use crate::names::is_name;
use crate::problem::Problems;
use crate::provider_test::format::{ConditionTable, FactName, OutcomeTable, OutcomesValue};
use crate::provider_test::headers::is_token;

/// The codes that an answer can mean. The other codes are about connections.
const CODES: [TestCode; 6] = [
    TestCode::Ok,
    TestCode::Insufficient,
    TestCode::AuthRejected,
    TestCode::InvalidConfig,
    TestCode::RateLimited,
    TestCode::ProviderError,
];

/// Lists of rules, by the name under which steps refer to them.
pub(super) type SharedRules = BTreeMap<String, Vec<OutcomeRule>>;

/// Reads `[test.outcomes]`.
pub(super) fn read_shared(lists: BTreeMap<String, Vec<toml::Table>>, problems: &mut Problems) -> SharedRules {
    let mut shared = SharedRules::new();
    for (name, tables) in lists {
        let key = format!("test.outcomes.{name}");
        if !is_name(&name) {
            problems.add(key.as_str(), "must be 1 to 64 characters of `a-z0-9_`");
        }
        let rules = read_rules(tables, &key, problems);
        shared.insert(name, rules);
    }
    shared
}

/// Reads the rules of a step.
pub(super) fn read_all(
    value: OutcomesValue,
    shared: &SharedRules,
    key: &str,
    problems: &mut Problems,
) -> Vec<OutcomeRule> {
    let key = format!("{key}.outcomes");
    match value {
        OutcomesValue::Rules(tables) => read_rules(tables, &key, problems),
        OutcomesValue::Named(name) => shared.get(&name).cloned().unwrap_or_else(|| {
            problems.add(key, format!("names `{name}`, which is not in `[test.outcomes]`"));
            Vec::new()
        }),
    }
}

fn read_rules(tables: Vec<toml::Table>, key: &str, problems: &mut Problems) -> Vec<OutcomeRule> {
    let mut rules = Vec::new();
    let mut readable = true;
    for (at, table) in tables.into_iter().enumerate() {
        let key = format!("{key}[{at}]");
        match problems.read_table(&key, table).and_then(|table| read_one(table, &key, problems)) {
            Some(rule) => rules.push(rule),
            None => readable = false,
        }
    }
    if readable && !rules.iter().any(|rule| rule.code == TestCode::Ok) {
        problems.add(key, "must have a rule with the code ok");
    }
    rules
}

/// Reads the facts of a step.
pub(super) fn read_facts(
    facts: BTreeMap<FactName, String>,
    key: &str,
    problems: &mut Problems,
) -> Vec<(&'static str, String)> {
    let mut read = Vec::new();
    for (name, pointer) in facts {
        if pointer.is_empty() || !is_pointer(&pointer) {
            problems
                .add(format!("{key}.facts.{}", name.as_str()), "must be a JSON pointer that begins with `/`");
        }
        read.push((name.as_str(), pointer));
    }
    read
}

fn read_one(table: OutcomeTable, key: &str, problems: &mut Problems) -> Option<OutcomeRule> {
    let Some(code) = CODES.into_iter().find(|code| code.as_str() == table.code) else {
        let codes = CODES.map(TestCode::as_str).join(", ");
        problems.add(format!("{key}.code"), format!("must be one of: {codes}"));
        return None;
    };
    if table.status.iter().any(|status| !(200..=599).contains(status)) {
        problems.add(format!("{key}.status"), "must be numbers from 200 to 599");
    }
    if code == TestCode::Ok && table.status.is_empty() {
        problems.add(format!("{key}.status"), "must be there for the code ok");
    }
    if table.text.iter().any(String::is_empty) {
        problems.add(format!("{key}.text"), "must not have an empty text");
    }
    for (name, text) in [("message", &table.message), ("hint", &table.hint)] {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            problems.add(format!("{key}.{name}"), "must not be empty");
        }
    }
    let conditions = table.json.into_iter().enumerate();
    let json = conditions
        .filter_map(|(at, table)| read_json(table, &format!("{key}.json[{at}]"), problems))
        .collect();
    let headers = read_headers(table.headers, key, problems);
    let OutcomeTable { status, text, message, hint, .. } = table;
    Some(OutcomeRule { status, json, headers, text, code, message, hint })
}

fn read_headers(
    headers: BTreeMap<String, Vec<String>>,
    key: &str,
    problems: &mut Problems,
) -> Vec<(String, Vec<String>)> {
    let mut read = Vec::new();
    for (name, values) in headers {
        let key = format!("{key}.headers.{name}");
        if !is_token(&name) {
            problems.add(key, "is not the name of a header");
        } else if values.iter().any(String::is_empty) {
            problems.add(key, "must not have an empty text");
        }
        read.push((name.to_ascii_lowercase(), values));
    }
    read
}

fn read_json(table: ConditionTable, key: &str, problems: &mut Problems) -> Option<JsonCondition> {
    let ConditionTable { pointer, is, present } = table;
    if !is_pointer(&pointer) {
        problems.add(format!("{key}.pointer"), "must be empty or begin with `/`");
    }
    let check = match (is, present) {
        (Some(values), None) if !values.is_empty() => {
            let scalars = values.into_iter().map(scalar).collect::<Option<_>>();
            if scalars.is_none() {
                problems.add(format!("{key}.is"), "must hold texts, numbers, true and false only");
            }
            JsonCheck::OneOf(scalars?)
        }
        (None, Some(true)) => JsonCheck::Present,
        (None, Some(false)) => JsonCheck::Absent,
        _ => {
            problems.add(key, "must have either `is` with at least one value, or `present`");
            return None;
        }
    };
    Some(JsonCondition { pointer, check })
}

fn scalar(value: toml::Value) -> Option<Value> {
    match value {
        toml::Value::String(text) => Some(Value::from(text)),
        toml::Value::Integer(number) => Some(Value::from(number)),
        toml::Value::Float(number) => Some(Value::from(number)),
        toml::Value::Boolean(truth) => Some(Value::from(truth)),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}
