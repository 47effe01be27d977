//! Rules for the names in a provider file, and the search for a field by its name.

use std::collections::BTreeMap;

use strongroom_domain::provider::TypeRules;
use strongroom_domain::{CredentialType, Field};

/// The fields that each credential type needs.
pub(crate) type Rules = BTreeMap<CredentialType, TypeRules>;

/// Whether a text can name a field or a category.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Returns the field of this name when credentials of the type may have it.
pub(crate) fn field_of<'a>(fields: &'a [Field], kind: CredentialType, name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name == name && field.belongs_to(kind))
}
