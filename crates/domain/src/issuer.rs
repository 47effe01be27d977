use crate::names::printable_ascii;
use crate::violation::Rule;

/// Who issued a token, as its `iss` says: 1 to 255 printable ASCII characters, without a space at either end.
/// A principal is the pair of its issuer and its id: the same id of another issuer is another principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Issuer(String);

impl Issuer {
    /// Accepts the name of an issuer.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        printable_ascii(text).map(Self)
    }

    /// Takes an issuer from the store, as it was written there, and does not check it; see
    /// [`Actor::from_stored`](crate::Actor::from_stored).
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The issuer as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Issuer> for String {
    fn from(issuer: &Issuer) -> Self {
        issuer.0.clone()
    }
}
