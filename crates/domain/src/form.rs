//! The form of a text as plain data: what a rule accepts, so that documents such as the API description can
//! state the rule.
//!
//! A newtype keeps its `FORM` beside its `parse`. The tests below compare the two.

/// What a text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextForm {
    /// A regular expression that matches the whole text. It uses only syntax that ECMA-262 (with the `u`
    /// flag), Python and Rust read alike.
    pub pattern: Option<&'static str>,
    /// The name of a format of JSON Schema (draft 2020-12, validation, section 7.3).
    pub format: Option<&'static str>,
    /// A text that is accepted.
    pub example: Option<&'static str>,
}

impl TextForm {
    /// A text that fits a regular expression.
    pub const fn pattern(pattern: &'static str) -> Self {
        Self { pattern: Some(pattern), format: None, example: None }
    }

    /// A text of a format that JSON Schema knows.
    pub const fn format(format: &'static str) -> Self {
        Self { pattern: None, format: Some(format), example: None }
    }

    /// This form with an example.
    #[must_use]
    pub const fn like(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::TextForm;
    use crate::principal::Actor;
    use crate::service_account::{AccountName, ApiKeyId};
    use crate::{CredentialId, CredentialName, ProviderId, Slot};

    const SAMPLES: [&str; 39] = [
        "",
        " ",
        "a",
        "a b",
        " a ",
        "\ta\n",
        "a\tb",
        "a\u{a0}b",
        "\u{a0}a\u{3000}",
        "\u{85}a\u{2028}",
        "a\u{2028}b",
        "a\u{200b}b",
        "a\u{feff}",
        "\u{feff}a",
        "a\u{ad}b",
        "a\u{202e}b",
        "a\u{7f}",
        "a\0b",
        "\u{e000}",
        "\u{dfff0}",
        "\u{e0001}",
        "\u{10ffff}",
        "Ünïcödé 名前 🔑",
        "Nightly-export_2.0",
        "crm/salesforce",
        "user:alice",
        "service:a|b@c.d:e",
        "person:alice",
        "user:",
        "user:CN=Ann O'Neil, C=DE",
        "user: alice",
        "user:alice ",
        "user:\"<&>/?#%",
        "user:ä",
        "0192f0c1-7b6a-7abc-8def-0123456789ab",
        "{192f0c1-7b6a-7abc-8def-0123456789ab}",
        "crd_01J9RC2YV6NAY8VVR14D2PF4QV",
        "crd_81J9RC2YV6NAY8VVR14D2PF4QV",
        "abcdefghijklm234",
    ];

    fn check(form: TextForm, accepts: impl Fn(&str) -> bool) {
        let pattern = Regex::new(form.pattern.unwrap()).unwrap();
        let long = |length: usize| {
            ["a".repeat(length), format!(" {} ", "é".repeat(length)), format!("user:{}", "a".repeat(length))]
        };
        let long: Vec<String> = [16, 64, 65, 200, 201, 255, 256].into_iter().flat_map(long).collect();
        for text in SAMPLES.into_iter().chain(long.iter().map(String::as_str)).chain(form.example) {
            assert_eq!(pattern.is_match(text), accepts(text), "{text:?} and {pattern}");
        }
        assert!(form.example.is_none_or(accepts));
    }

    #[test]
    fn a_form_fits_what_its_rule_accepts_and_nothing_else() {
        check(CredentialId::FORM, |text| CredentialId::parse(text).is_ok());
        check(CredentialName::FORM, |text| CredentialName::parse(text).is_ok());
        check(AccountName::FORM, |text| AccountName::parse(text).is_ok());
        check(Slot::FORM, |text| Slot::parse(text).is_ok());
        check(ProviderId::FORM, |text| ProviderId::parse(text).is_ok());
        check(Actor::FORM, |text| Actor::parse(text).is_ok());
        check(ApiKeyId::FORM, |text| ApiKeyId::parse(text).is_ok());
    }

    #[test]
    fn a_name_may_hold_every_character_that_is_not_named_in_its_form() {
        let pattern = Regex::new(CredentialName::FORM.pattern.unwrap()).unwrap();
        for c in (0..=0x10_ffff).step_by(7).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            assert_eq!(pattern.is_match(&text), CredentialName::parse(&text).is_ok(), "{c:?}");
        }
    }
}
