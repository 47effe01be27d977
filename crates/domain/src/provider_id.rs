use std::fmt;

use crate::form::TextForm;
use crate::violation::Rule;

/// A provider's id: 1 to 64 characters of `[a-z0-9_]`, case-insensitive on input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(String);

impl ProviderId {
    /// Names that are path segments of the API, or aliases, and so cannot be providers.
    pub const RESERVED: [&'static str; 8] =
        ["credentials", "catalog", "audit", "oauth", "events", "plugins", "slots", "postgres"];

    /// What `parse` accepts.
    pub const FORM: TextForm = TextForm::pattern("^[A-Za-z0-9_]{1,64}$").like("sftp");

    /// The one spelling that answers use.
    pub const SPELLING: TextForm = TextForm::pattern("^[a-z0-9_]{1,64}$");

    /// Lower-cases and checks an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let id = text.to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if id.is_empty() || id.len() > 64 || !id.bytes().all(allowed) {
            return Err(Rule::fixed("must be 1 to 64 characters of `a-z0-9_`"));
        }
        Ok(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
