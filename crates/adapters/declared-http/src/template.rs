//! Texts with variables.

use std::collections::BTreeMap;

/// A text with variables: `{name}` is a field's value or a [`Choice`], `{+name}` keeps its slashes when it
/// stands in a path (RFC 6570, section 3.2.3), `{name.origin}` and `{name.hyphens}` are parts or spellings of
/// it ([`VariableForm`]). `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template(pub Vec<TemplatePart>);

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text as it is.
    Literal(String),
    /// A field's value or a choice.
    Variable {
        /// Its name.
        name: String,
        /// What of its value is written.
        form: VariableForm,
    },
}

/// What of a variable's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VariableForm {
    /// `{name}`: all of it.
    #[default]
    Plain,
    /// `{+name}`: all of it, and in a path its slashes stay slashes.
    KeepSlashes,
    /// `{name.origin}`: scheme, host and port of a URL, as browsers write an origin (RFC 6454, section 6.2).
    Origin,
    /// `{name.hyphens}`: with hyphens for underscores, which a host name cannot have.
    Hyphens,
}

impl Template {
    /// The text of a template that has no variables.
    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [TemplatePart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// A text without variables.
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![TemplatePart::Literal(text.into())])
    }

    /// The names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            TemplatePart::Literal(_) => None,
            TemplatePart::Variable { name, .. } => Some(name.as_str()),
        })
    }
}

/// A value that follows from a field, such as the host of a region.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The field that decides.
    pub field: String,
    /// The text for each of its values.
    pub values: BTreeMap<String, String>,
    /// The field's value when it is absent.
    pub default: Option<String>,
    /// The text for every other value; without it another value has no test.
    pub otherwise: Option<String>,
}

impl Choice {
    /// The text that stands beside a value, which is looked for in any case when it is not there as it is.
    pub fn text(&self, value: &str) -> Option<&str> {
        let in_any_case =
            || self.values.iter().find(|(key, _)| key.eq_ignore_ascii_case(value)).map(|(_, text)| text);
        self.values.get(value).or_else(in_any_case).or(self.otherwise.as_ref()).map(String::as_str)
    }

    /// Every text that it can become.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.values().chain(&self.otherwise).map(String::as_str)
    }
}
