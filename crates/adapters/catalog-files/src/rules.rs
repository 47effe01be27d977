//! Checks of `[types.<credential_type>]`.

use std::collections::BTreeMap;

use strongroom_domain::oauth::{ACCESS_TOKEN, TOKEN_EXPIRY};
use strongroom_domain::provider::TypeRules;
use strongroom_domain::{CredentialType, Field, FieldKind};

use crate::format::RulesTable;
use crate::names::{Rules, field_of};
use crate::problem::Problems;

/// Reads which fields each type needs. Names that are not credential types have been reported already.
pub(crate) fn read_all(
    tables: BTreeMap<String, toml::Table>,
    fields: &[Field],
    problems: &mut Problems,
) -> Rules {
    let mut types = Rules::new();
    for (name, table) in tables {
        let Ok(kind) = CredentialType::parse(&name) else { continue };
        let key = format!("types.{name}");
        let Some(RulesTable { required, any_of }) = problems.read_table(&key, table) else { continue };
        let rules = TypeRules { required, any_of };
        check_names(&rules, kind, &key, fields, problems);
        check_secret(&rules, &key, fields, problems);
        if kind.is_oauth() {
            check_oauth(&rules, kind, &key, fields, problems);
        }
        types.insert(kind, rules);
    }
    types
}

fn check_names(
    rules: &TypeRules,
    kind: CredentialType,
    key: &str,
    fields: &[Field],
    problems: &mut Problems,
) {
    let required = rules.required.iter().map(|name| ("required", name));
    let any_of = rules.any_of.iter().flatten().map(|name| ("any_of", name));
    for (list, name) in required.chain(any_of) {
        if field_of(fields, kind, name).is_none() {
            problems
                .add(format!("{key}.{list}"), format!("names `{name}`, which is not a field of this type"));
        }
    }
    if rules.any_of.iter().any(Vec::is_empty) {
        problems.add(format!("{key}.any_of"), "must not have an empty group");
    }
    if rules.required.is_empty() && rules.any_of.is_empty() {
        problems.add(key, "must have `required` or `any_of`");
    }
}

/// Reports a type that can be satisfied without any secret: most likely a `secret = true` was forgotten.
fn check_secret(rules: &TypeRules, key: &str, fields: &[Field], problems: &mut Problems) {
    let has_secret =
        |names: &Vec<String>| fields.iter().any(|field| field.secret && names.contains(&field.name));
    let alternatives = !rules.any_of.is_empty() && rules.any_of.iter().all(has_secret);
    if !has_secret(&rules.required) && !alternatives {
        problems.add(key, "must need at least one secret field, whichever alternative is chosen");
    }
}

fn check_oauth(
    rules: &TypeRules,
    kind: CredentialType,
    key: &str,
    fields: &[Field],
    problems: &mut Problems,
) {
    let is_token = |field: &Field| field.secret && field.kind == FieldKind::Text;
    if !rules.required.iter().any(|name| name == ACCESS_TOKEN)
        || !field_of(fields, kind, ACCESS_TOKEN).is_some_and(is_token)
    {
        problems.add(key, "must require `access_token`, a secret text, as every OAuth type does");
    }
    if field_of(fields, kind, TOKEN_EXPIRY).is_none() {
        problems.add(key, "must have the field `expires_at`, as every OAuth type does");
    }
}
