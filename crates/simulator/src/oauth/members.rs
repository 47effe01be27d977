//! What stands in answers: whose account it is, and the fields that arrive.

use serde_json::Value;
use strongroom_declared_http::AccountLookup;
use strongroom_domain::Field;

use crate::credentials;

/// Where id and name of an account stand, and what they are.
pub(super) fn account_members(lookup: &AccountLookup, account: &str) -> Vec<(String, Value)> {
    let id = (lookup.id.clone(), format!("id:{account}").into());
    let name = lookup.name.clone().filter(|name| *name != lookup.id);
    [id].into_iter().chain(name.map(|name| (name, account.into()))).collect()
}

/// The value of a field that arrives with a code or a token. It keeps the field's pattern.
pub(super) fn arriving(field: &Field) -> String {
    match credentials::public(field) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
