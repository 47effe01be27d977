//! Describes why an input was refused: the field and the rule, never the value.

use std::borrow::Cow;
use std::fmt;

/// A rule that an input did not keep, as a sentence fragment ("must be 1 to 64 characters").
///
/// It is made from static text, or from the names of fields, keys and providers; never from an input value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Rule {
    kind: Kind,
    text: Cow<'static, str>,
}

/// What is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The input is missing.
    Missing,
    /// The input is there and breaks the rule.
    Unfit,
}

impl Rule {
    /// The rule of a value that must always be there.
    pub const REQUIRED: Self = Self { kind: Kind::Missing, text: Cow::Borrowed("is required") };

    /// A rule known at compile time.
    pub const fn fixed(text: &'static str) -> Self {
        Self { kind: Kind::Unfit, text: Cow::Borrowed(text) }
    }

    /// A rule that names something which the operator or the catalog wrote, or a key or a place of the input.
    pub fn naming(text: String) -> Self {
        Self { kind: Kind::Unfit, text: Cow::Owned(text) }
    }

    /// A rule that asks for a value that is missing, and says when it must be there.
    pub fn missing(text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::Missing, text: text.into() }
    }

    /// Whether the rule asks for a value that is missing.
    pub fn asks_for_a_value(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// States which field broke the rule.
    pub fn on(self, field: impl Into<String>) -> Violation {
        Violation { field: field.into(), rule: self }
    }
}

/// A field and the rule it broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's name as the caller wrote it, or as the provider file declares it.
    pub field: String,
    /// What was expected of it.
    pub rule: Rule,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.rule)
    }
}
