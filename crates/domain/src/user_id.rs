use crate::violation::Rule;

/// A person's id as the identity provider writes it (`sub`), or the id of a service account: 1 to 128
/// characters of `[A-Za-z0-9._:|@-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Accepts an id of an identity provider, or the id in a service account's token.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let allowed =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-' | b'|' | b'@');
        if text.is_empty() || text.len() > 128 || !text.bytes().all(allowed) {
            return Err(Rule::fixed("must be 1 to 128 characters of letters, digits and `._:|@-`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
