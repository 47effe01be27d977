//! Secrets as types that cannot be printed, serialised, compared or cloned by accident.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

/// One secret value. Its memory is wiped when it is dropped.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes ownership of a secret; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Lends the secret. Every call site is a place to review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A second copy, for the rare case where one value fills two fields.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty, which everywhere counts as missing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The secret fields of a credential, in the clear: field name to value.
///
/// It exists between the parsed request and [`Vault::seal`], and between `Vault::open` and the answer; only
/// `application::ground::sealing` opens one.
///
/// [`Vault::seal`]: https://docs.rs/strongroom-vault
#[derive(Default)]
pub struct SecretPayload(BTreeMap<String, SecretText>);

impl SecretPayload {
    /// The longest payload that a vault seals: names and values together, in bytes.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// How long its names and values are together, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Adds a field, replacing an earlier value of the same name.
    pub fn insert(&mut self, field: impl Into<String>, value: SecretText) {
        self.0.insert(field.into(), value);
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: &str) -> Option<SecretText> {
        self.0.remove(field)
    }

    /// One field, when it is there.
    pub fn get(&self, field: &str) -> Option<&SecretText> {
        self.0.get(field)
    }

    /// All fields in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretText)> {
        self.0.iter().map(|(field, value)| (field.as_str(), value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_field_names_and_no_value() {
        let mut payload = SecretPayload::default();
        payload.insert("password", SecretText::new("canary".into()));
        let shown = format!("{payload:?} {:?}", payload.get("password"));
        assert!(shown.contains("password") && !shown.contains("canary"), "{shown}");
    }
}
