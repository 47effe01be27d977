use crate::names::printable_ascii;
use crate::violation::Rule;

/// A person's id as the identity provider writes it (`sub`), or the id of a service account: 1 to 255
/// printable ASCII characters, without a space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Accepts an id of an identity provider, or the id in a service account's token.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        printable_ascii(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_printable_ascii_without_a_space_at_either_end() {
        let all: String = ('!'..='~').collect();
        let longest = "x".repeat(255);
        for good in [&all, &longest, "auth0|5f7c", "CN=Ann O'Neil, C=DE", "\"<&>'", "~", "a  b", "/../?#%0a"]
        {
            assert_eq!(UserId::parse(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(256);
        for bad in ["", " ", " a", "a ", &too_long, "a\tb", "a\nb", "a\0", "a\u{7f}", "ä", "a\u{a0}"] {
            assert!(UserId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
