//! The tenant: every stored thing belongs to exactly one organisation.

use std::fmt;

use crate::violation::Rule;

/// An organisation's id: opaque, 1 to 64 characters of `[A-Za-z0-9._:-]`.
///
/// Identity providers write `org_2x…`, UUIDs or slugs; the id is never interpreted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganizationId(String);

impl OrganizationId {
    /// The longest id, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Accepts an id as an identity provider writes it.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(allowed) {
            return Err(Rule::fixed("must be 1 to 64 characters of letters, digits and `._:-`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The organisation that holds the events that belong to no tenant. [`Self::parse`] cannot produce it.
    pub fn system() -> Self {
        Self("~system".to_owned())
    }

    /// An id read back from the store, where the system organisation is allowed.
    pub fn from_stored(text: &str) -> Result<Self, Rule> {
        let system = Self::system();
        if text == system.0 { Ok(system) } else { Self::parse(text) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_identity_providers_are_accepted_and_the_system_one_is_not() {
        for good in ["a", "org_2xYz", "0192f0c1-7b6a-7000-8000-000000000000", "acme.eu:prod"] {
            assert_eq!(OrganizationId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "~system", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert!(OrganizationId::parse(bad).is_err());
        }
    }
}
