//! Texts with variables.

use std::collections::BTreeMap;

/// A text with variables: `{name}` is a field's value or a [`Choice`]; `{+name}` keeps its slashes in a path
/// (RFC 6570, section 3.2.3); `{name.origin}` and `{name.hyphens}` are a part and another spelling of the
/// value ([`VariableForm`]). `{{` and `}}` stand for braces.
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
        /// The part or spelling of the value that is written.
        form: VariableForm,
    },
}

/// The part or spelling of a variable's value that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VariableForm {
    /// `{name}`: the whole value.
    #[default]
    Plain,
    /// `{+name}`: the whole value; in a path its slashes are not encoded.
    KeepSlashes,
    /// `{name.origin}`: scheme, host and port of a URL, as browsers write an origin (RFC 6454, section 6.2).
    Origin,
    /// `{name.hyphens}`: the value with hyphens in place of underscores, which a host name cannot have.
    Hyphens,
}

impl Template {
    /// Returns the text of a template that has no variables.
    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [TemplatePart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Makes a template without variables.
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![TemplatePart::Literal(text.into())])
    }

    /// Returns the names of its variables.
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
    /// The text for every other value; without it, another value is refused.
    pub otherwise: Option<String>,
}

impl Choice {
    /// Returns the text for a value. An exact match comes first, then one without regard to case, then
    /// `otherwise`.
    pub fn text(&self, value: &str) -> Option<&str> {
        let in_any_case =
            || self.values.iter().find(|(key, _)| key.eq_ignore_ascii_case(value)).map(|(_, text)| text);
        self.values.get(value).or_else(in_any_case).or(self.otherwise.as_ref()).map(String::as_str)
    }

    /// Returns every text that the choice can become.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.values().chain(&self.otherwise).map(String::as_str)
    }
}
