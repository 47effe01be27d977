//! Checks of `[test]`: what a test sends, where it may send it, and how it reads the answer.

mod format;
mod headers;
mod outcome;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use strongroom_declared_http::{Choice, HttpStep, HttpTest};
use strongroom_domain::{CredentialType, Field, ProviderTest, StepConditions, TestCode};

use crate::names::{Rules, is_name};
use crate::problem::Problems;
use crate::provider_test::format::{ChoiceTable, ProtocolName, TestTable};
use crate::scope::Names;

/// How a provider is tested, and the requests of the test when it is over HTTP.
pub(crate) type DeclaredTest = (ProviderTest, Option<HttpTest>);

/// Reads `[test]`. Returns `None` when a part that everything else depends on could not be read.
pub(crate) fn read(
    table: toml::Table,
    fields: &[Field],
    types: &Rules,
    problems: &mut Problems,
) -> Option<DeclaredTest> {
    let TestTable { protocol, choices, outcomes, steps } = problems.read_table("test", table)?;
    if let Some(protocol) = protocol {
        if !choices.is_empty() || !outcomes.is_empty() || !steps.is_empty() {
            problems.add("test", "must have either `protocol` or steps");
        }
        return Some((check_protocol(protocol, fields, problems), None));
    }
    if steps.is_empty() {
        problems.add("test", "must have `protocol` or at least one `[[test.step]]`");
        return None;
    }
    let choices = read_choices(choices, fields, problems);
    let shared = outcome::read_shared(outcomes, problems);
    let names = Names { fields, types, choices: &choices };
    let mut read: Vec<HttpStep> = Vec::new();
    let mut readable = true;
    for (at, table) in steps.into_iter().enumerate() {
        match step::read(table, &format!("test.step[{at}]"), &names, &shared, problems) {
            Some((name, step)) => {
                let key = format!("test.step[{at}].name");
                let name = name_of(name, &step, &read, &key, types, problems);
                read.push(HttpStep { name, ..step });
            }
            None => readable = false,
        }
    }
    // When a step could not be read, a rule could be reported as missing by mistake.
    if readable {
        check_rejection(&read, types, problems);
    }
    let conditions = read.iter().map(|step| step.conditions.clone()).collect();
    Some((ProviderTest::Http(conditions), Some(HttpTest { steps: read, choices })))
}

/// Checks the fields for a protocol. Its tester takes the settings from fields of fixed names.
fn check_protocol(protocol: ProtocolName, fields: &[Field], problems: &mut Problems) -> ProviderTest {
    for name in ["host", "port", "username", "password"] {
        if !fields.iter().any(|field| field.name == name) {
            problems.add("test.protocol", format!("needs the field `{name}`"));
        }
    }
    match protocol {
        ProtocolName::Sftp => ProviderTest::Sftp,
        ProtocolName::Postgresql => ProviderTest::Postgresql,
    }
}

fn read_choices(
    tables: BTreeMap<String, toml::Table>,
    fields: &[Field],
    problems: &mut Problems,
) -> BTreeMap<String, Choice> {
    let mut choices = BTreeMap::new();
    for (name, table) in tables {
        let key = format!("test.choices.{name}");
        let Some(ChoiceTable { field, default, otherwise, values }) = problems.read_table(&key, table) else {
            continue;
        };
        if !is_name(&name) {
            problems.add(key.as_str(), "must be 1 to 64 characters of `a-z0-9_`");
        }
        if fields.iter().any(|field| field.name == name) {
            problems.add(key.as_str(), "has the name of a field");
        }
        if values.is_empty() {
            problems.add(format!("{key}.values"), "must not be empty");
        }
        if default.as_ref().is_some_and(|default| otherwise.is_none() && !values.contains_key(default)) {
            problems.add(format!("{key}.default"), "must be one of `values`");
        }
        let choice = Choice { field, values, default, otherwise };
        check_decider(&choice, fields, &key, problems);
        choices.insert(name, choice);
    }
    choices
}

/// Checks the field that decides a choice: it must be public, and there must be a text for each of its own
/// choices.
fn check_decider(choice: &Choice, fields: &[Field], key: &str, problems: &mut Problems) {
    let Choice { field: name, values, .. } = choice;
    let Some(field) = fields.iter().find(|field| field.name == *name && !field.secret) else {
        return problems.add(format!("{key}.field"), format!("names `{name}`, which is not a public field"));
    };
    if field.choices.is_empty() {
        return;
    }
    let key = format!("{key}.values");
    for missing in field.choices.iter().filter(|value| choice.text(value).is_none()) {
        problems.add(key.as_str(), format!("must name `{missing}`, which `{name}` may be"));
    }
    for stranger in values.keys().filter(|value| !field.choices.contains(value)) {
        problems.add(key.as_str(), format!("names `{stranger}`, which `{name}` cannot be"));
    }
}

/// Returns the step's own name. A step without one is called `login` or `probe`, by its place among the steps
/// that can be in the same report.
fn name_of(
    given: Option<String>,
    step: &HttpStep,
    earlier: &[HttpStep],
    key: &str,
    types: &Rules,
    problems: &mut Problems,
) -> String {
    const OURS: [&str; 3] = ["parse", "reach", "handshake"];
    let together = earlier.iter().filter(|other| !exclude_each_other(step, other, types));
    let Some(name) = given else {
        return match together.count() {
            0 => "login".to_owned(),
            1 => "probe".to_owned(),
            _ => {
                problems.add(key, "must be there from the third step on");
                String::new()
            }
        };
    };
    if !is_name(&name) {
        problems.add(key, "must be 1 to 64 characters of `a-z0-9_`");
    }
    if OURS.contains(&name.as_str()) {
        problems.add(key, "is the name of a step that every test has");
    }
    if together.into_iter().any(|other| other.name == name) {
        problems.add(key, format!("repeats `{name}`, a step that can be in the same test"));
    }
    name
}

/// Whether no test has both steps: no type has both, or one step needs a field whose presence excludes the
/// other.
fn exclude_each_other(one: &HttpStep, other: &HttpStep, types: &Rules) -> bool {
    let (one, other) = (&one.conditions, &other.conditions);
    let clash = |a: &StepConditions, b: &StepConditions| a.needs.iter().any(|name| b.unless.contains(name));
    !types.keys().any(|kind| one.are_for(*kind) && other.are_for(*kind))
        || clash(one, other)
        || clash(other, one)
}

/// Checks that every tested type has a rule for `auth_rejected`: a test that cannot fail proves nothing.
fn check_rejection(steps: &[HttpStep], types: &Rules, problems: &mut Problems) {
    let mut tested = BTreeSet::<CredentialType>::new();
    let mut refusing = BTreeSet::new();
    for step in steps {
        let kinds = types.keys().filter(|kind| step.conditions.are_for(**kind));
        tested.extend(kinds.clone());
        if step.outcomes.iter().any(|rule| rule.code == TestCode::AuthRejected) {
            refusing.extend(kinds);
        }
    }
    for kind in tested.difference(&refusing) {
        problems.add(
            "test",
            format!("must have a rule with the code auth_rejected in a step of the type {}", kind.as_str()),
        );
    }
}
