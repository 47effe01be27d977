//! The forms in which providers send the roles of a person.

use serde_json::Value;

/// The names of roles in a claim: a list of texts; one text, whole or as a list with commas or spaces between
/// its entries; or an object whose members are named like roles, as Zitadel sends them. A member that is
/// false, null or empty is no role. `None` for another form.
///
/// A text that is a role as a whole is that role only, so a name may have a space in it.
pub(super) fn names(claim: &Value, is_known: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
    match claim {
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::String(text) if is_known(text) => Some(vec![text]),
        Value::String(text) => {
            let separator = if text.contains(',') { ',' } else { ' ' };
            Some(text.split(separator).map(str::trim).filter(|name| !name.is_empty()).collect())
        }
        Value::Object(members) => {
            let held = members.iter().filter(|(_, value)| match value {
                Value::Bool(is_held) => *is_held,
                Value::Object(of) => !of.is_empty(),
                _ => false,
            });
            Some(held.map(|(name, _)| name.as_str()).collect())
        }
        _ => None,
    }
}
