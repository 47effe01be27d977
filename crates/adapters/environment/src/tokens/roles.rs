//! The forms in which providers send the roles of a person.

use serde_json::Value;

/// The names of roles in a claim: a list of texts; one text, whole or as a list with commas or spaces between
/// its entries; or an object whose members are named like roles, as Zitadel sends them. A member that is
/// false, null or empty is no role. `None` for another form.
///
/// A text that is a role as a whole is that role only, so a name may have a space in it. A text with blanks
/// and no commas is a list only when every entry is a role that is known: `Billing admin` is the name of one
/// role, and no admin.
pub(super) fn names(claim: &Value, is_known: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
    match claim {
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::String(text) if is_known(text) => Some(vec![text]),
        Value::String(text) => {
            let has_commas = text.contains(',');
            let entries = text.split(if has_commas { ',' } else { ' ' }).map(str::trim);
            let entries: Vec<&str> = entries.filter(|name| !name.is_empty()).collect();
            let is_list = has_commas || entries.iter().all(|name| is_known(name));
            Some(if is_list { entries } else { vec![text] })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_blanks_is_a_list_only_of_roles_that_are_known() {
        let is_known = |name: &str| matches!(name, "admin" | "member" | "Team lead");
        for (text, expected) in [
            ("admin", vec!["admin"]),
            ("admin member", vec!["admin", "member"]),
            ("admin, member", vec!["admin", "member"]),
            ("viewer,admin", vec!["viewer", "admin"]),
            ("Team lead", vec!["Team lead"]),
            ("Billing admin", vec!["Billing admin"]),
            ("not admin", vec!["not admin"]),
            ("viewer, Team lead ,", vec!["viewer", "Team lead"]),
            ("", vec![]),
        ] {
            assert_eq!(names(&Value::from(text), is_known), Some(expected), "{text}");
        }
    }
}
