//! Checks of `[[field]]`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use strongroom_domain::oauth::TOKEN_EXPIRY;
use strongroom_domain::{CredentialType, Field, FieldKind, Json, PastedAddress, SecretText};

use crate::format::FieldTable;
use crate::names::is_name;
use crate::patterns::Patterns;
use crate::problem::Problems;

/// Reads all fields. `None` when one could not be read.
pub(crate) fn read_all(
    tables: Vec<toml::Table>,
    declared: &BTreeSet<CredentialType>,
    patterns: &mut Patterns,
    problems: &mut Problems,
) -> Option<Vec<Field>> {
    let mut names = BTreeSet::new();
    let mut fields = Vec::new();
    let mut readable = true;
    for (at, table) in tables.into_iter().enumerate() {
        let name = table.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        let key = name.map_or_else(|| format!("field[{at}]"), |name| format!("field.{name}"));
        let Some(table) = problems.read_table::<FieldTable>(&key, table) else {
            readable = false;
            continue;
        };
        if !names.insert(table.name.clone()) {
            problems.add(key.as_str(), "is declared more than once");
        }
        match read_one(table, &key, declared, patterns, problems) {
            Some(field) => fields.push(field),
            None => readable = false,
        }
    }
    readable.then_some(fields)
}

/// Checks every example and every default by the rules of its field, as a submission is checked.
pub(crate) fn check_own_values(fields: &[Field], problems: &mut Problems) {
    for field in fields {
        if let Some(example) = &field.example {
            let key = format!("field.{}.example", field.name);
            // A real secret in a catalog file would be published: every caller can read the catalog.
            if field.secret && !example.to_ascii_uppercase().contains("EXAMPLE") {
                problems.add(key.as_str(), "must contain the word EXAMPLE, because the field is secret");
            }
            check_value(field, example, &key, problems);
        }
        if let Some(default) = &field.default {
            let key = format!("field.{}.default", field.name);
            if field.secret {
                problems.add(key, "must not be there for a secret field");
            } else if default.is_empty() {
                problems.add(key, "must not be empty");
            } else {
                check_value(field, default, &key, problems);
            }
        }
    }
}

fn check_value(field: &Field, text: &str, key: &str, problems: &mut Problems) {
    let text_of = |text: &str| Json::Text(SecretText::new(text.to_owned()));
    let value = match field.kind {
        // An empty value counts as missing.
        _ if text.is_empty() => return,
        FieldKind::Boolean => text.parse().map_or_else(|_| text_of(text), Json::Boolean),
        FieldKind::List => Json::Array(text.split(',').map(text_of).collect()),
        _ => text_of(text),
    };
    if let Err(rule) = field.check(value) {
        problems.add(key, rule.to_string());
    }
}

fn read_one(
    table: FieldTable,
    key: &str,
    declared: &BTreeSet<CredentialType>,
    patterns: &mut Patterns,
    problems: &mut Problems,
) -> Option<Field> {
    let kind = problems.read_text(&format!("{key}.type"), &table.kind, FieldKind::parse)?;
    let label = table.label.unwrap_or_else(|| label_of(&table.name));
    let types = read_types(&table.types, key, declared, problems);
    let pattern = table.pattern.and_then(|pattern| {
        let compiled = patterns.compile(&pattern);
        if compiled.is_none() {
            problems.add(format!("{key}.pattern"), "is not a regular expression that compiles");
        }
        compiled
    });
    let addresses = read_addresses(&table.addresses, key, problems);
    let field = Field {
        name: table.name,
        label,
        kind,
        secret: table.secret,
        destination: table.destination,
        addresses,
        pattern,
        choices: table.choices,
        example: table.example,
        default: table.default,
        types,
    };
    check_name(&field, key, problems);
    check_secrecy(&field, key, problems);
    check_value_rules(&field, key, problems);
    Some(field)
}

/// Reads the addresses from which a value follows. The one with the most letters comes first:
/// `*-admin.okta.com` before `*.okta.com`.
fn read_addresses(
    table: &BTreeMap<String, String>,
    key: &str,
    problems: &mut Problems,
) -> Vec<PastedAddress> {
    let mut forms: Vec<_> = table.iter().collect();
    forms.sort_by_key(|(form, _)| Reverse(form.chars().filter(|c| *c != '*').count()));
    let mut addresses = Vec::new();
    for (form, value) in forms {
        match PastedAddress::parse(form, value) {
            Some(address) => addresses.push(address),
            None => problems.add(
                format!("{key}.addresses.{form}"),
                "must be a host, perhaps with a path, of `A-Za-z0-9._-*/`, and its value must have as many `*`",
            ),
        }
    }
    addresses
}

fn read_types(
    names: &[String],
    key: &str,
    declared: &BTreeSet<CredentialType>,
    problems: &mut Problems,
) -> BTreeSet<CredentialType> {
    let mut types = BTreeSet::new();
    for name in names {
        match CredentialType::parse(name).ok().filter(|kind| declared.contains(kind)) {
            Some(kind) => drop(types.insert(kind)),
            None => {
                problems.add(format!("{key}.types"), format!("names `{name}`, which has no table in `types`"))
            }
        }
    }
    types
}

fn check_name(field: &Field, key: &str, problems: &mut Problems) {
    if !is_name(&field.name) {
        problems.add(format!("{key}.name"), "must be 1 to 64 characters of `a-z0-9_`");
    }
    if field.label.trim().is_empty() {
        problems.add(format!("{key}.label"), "must not be empty");
    }
    if field.name == TOKEN_EXPIRY && field.kind != FieldKind::Timestamp {
        problems.add(format!("{key}.type"), "must be timestamp: this name is the end of an access token");
    }
}

fn check_secrecy(field: &Field, key: &str, problems: &mut Problems) {
    let secret = format!("{key}.secret");
    match field.kind {
        FieldKind::PrivateKey | FieldKind::PostgresConnectionString if !field.secret => {
            problems.add(secret, "must be true for this type");
        }
        FieldKind::Integer
        | FieldKind::Boolean
        | FieldKind::List
        | FieldKind::Port
        | FieldKind::Host
        | FieldKind::Timestamp
            if field.secret =>
        {
            problems.add(secret, "must be false for this type, which is stored in the clear");
        }
        _ => {}
    }
    let destination = format!("{key}.destination");
    if field.secret && field.destination {
        problems.add(destination, "must be false for a secret field: a destination is public");
    } else if matches!(field.kind, FieldKind::Host | FieldKind::Port | FieldKind::Url)
        && !field.secret
        && !field.destination
    {
        problems.add(destination, "must be true for this type: it decides where the secret is sent");
    }
}

fn check_value_rules(field: &Field, key: &str, problems: &mut Problems) {
    if field.pattern.is_some() && !matches!(field.kind, FieldKind::Text | FieldKind::Host | FieldKind::Url) {
        problems.add(format!("{key}.pattern"), "is only for text, host and url");
    }
    let is_text = matches!(field.kind, FieldKind::Text | FieldKind::Host | FieldKind::Url);
    if !field.addresses.is_empty() && (field.secret || !is_text) {
        problems
            .add(format!("{key}.addresses"), "are only for public fields of the types text, host and url");
    }
    if !field.choices.is_empty() && field.kind != FieldKind::Text {
        problems.add(format!("{key}.choices"), "are only for text");
    }
    // A refusal lists the choices, so they cannot be secret.
    if !field.choices.is_empty() && field.secret {
        problems.add(format!("{key}.choices"), "are not for secret fields");
    }
}

fn label_of(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}
