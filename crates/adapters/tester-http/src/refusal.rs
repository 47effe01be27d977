use std::fmt;

/// Why a request cannot be built: a field, and the rule that its value breaks. Never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) field: String,
    pub(crate) rule: &'static str,
}

impl Refusal {
    pub(crate) fn of(field: &str, rule: &'static str) -> Self {
        Self { field: field.to_owned(), rule }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The field `{}` {}.", self.field, self.rule)
    }
}
