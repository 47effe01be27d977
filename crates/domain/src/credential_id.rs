use std::fmt;

use uuid::Uuid;

use crate::form::TextForm;
use crate::ids::{from_prefixed, to_prefixed};
use crate::violation::Rule;

/// A credential's id, a UUIDv7 with two spellings of the same 128 bits: the hyphenated UUID, and `crd_`
/// followed by its 26 Crockford base32 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialId(pub Uuid);

impl CredentialId {
    /// Both spellings, as `parse` reads them.
    pub const FORM: TextForm = TextForm::pattern(
        "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|crd_[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25})$",
    );

    /// Reads either spelling; anything else is not an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        from_prefixed("crd_", text).map(Self).ok_or(Rule::fixed("must be a credential id"))
    }

    /// The spelling of the connect dialect: `crd_` and 26 characters.
    pub fn to_prefixed(self) -> String {
        to_prefixed("crd_", self.0)
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
