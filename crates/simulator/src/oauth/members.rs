//! Members of answers: the account, and the fields that arrive with a code or a token.

use serde_json::Value;
use strongroom_declared_http::AccountLookup;
use strongroom_domain::Field;

use crate::credentials;

/// The pointers to the id and the name of an account in an answer, with their values.
pub(super) fn account_members(lookup: &AccountLookup, account: &str) -> Vec<(String, Value)> {
    let id = lookup.id.first().cloned();
    let name = lookup.name.first().cloned().filter(|name| Some(name) != id.as_ref());
    let id = id.map(|id| (id, format!("id:{account}").into()));
    id.into_iter().chain(name.map(|name| (name, account.into()))).collect()
}

/// The value of a field that arrives with a code or a token. It matches the field's pattern.
pub(super) fn arriving(field: &Field) -> String {
    match credentials::public(field) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
