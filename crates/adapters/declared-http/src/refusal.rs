use std::fmt;

use strongroom_domain::{Rule, Violation};

/// Why a request cannot be built: a field, and the rule that its value breaks. It never contains the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field's name, or `url` when no single field is the cause.
    pub field: String,
    /// The rule, such as "must be an https URL".
    pub rule: &'static str,
    /// Whether the rule asks for a value that is missing.
    is_missing: bool,
}

impl Refusal {
    /// States which field broke the rule.
    pub fn of(field: &str, rule: &'static str) -> Self {
        Self { field: field.to_owned(), rule, is_missing: false }
    }

    /// States which field is missing. `rule` asks for it.
    pub(crate) fn missing(field: &str, rule: &'static str) -> Self {
        Self { is_missing: true, ..Self::of(field, rule) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The field `{}` {}.", self.field, self.rule)
    }
}

impl From<Refusal> for Violation {
    fn from(refusal: Refusal) -> Self {
        let Refusal { field, rule, is_missing } = refusal;
        if is_missing { Rule::missing(rule).on(field) } else { Rule::fixed(rule).on(field) }
    }
}
