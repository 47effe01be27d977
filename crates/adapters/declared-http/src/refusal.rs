use std::fmt;

use strongroom_domain::{Rule, Violation};

/// Why a request cannot be built: a field, and the rule that its value breaks. Never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field's name, or `url` where no field decides.
    pub field: String,
    /// The rule, as in "must be an https URL".
    pub rule: &'static str,
}

impl Refusal {
    /// States which field broke the rule.
    pub fn of(field: &str, rule: &'static str) -> Self {
        Self { field: field.to_owned(), rule }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The field `{}` {}.", self.field, self.rule)
    }
}

impl From<Refusal> for Violation {
    fn from(refusal: Refusal) -> Self {
        Rule::fixed(refusal.rule).on(refusal.field)
    }
}
