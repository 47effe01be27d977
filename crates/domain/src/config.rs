//! The public half of a credential: the fields that its provider file does not mark as secret.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::violation::Rule;

/// One public value, as it is stored and shown. It differs from a [`Json`](crate::Json), which is what a
/// caller has sent. A public value is no secret, so it can be printed, compared and copied. It has only the
/// four forms that a field can have. Its numbers are those of which RFC 8785 has one spelling, because its
/// canonical JSON is part of the AAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigValue {
    /// Text.
    Text(String),
    /// A whole number within ±(2^53 - 1), where RFC 8785 has one spelling.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
    /// A list of texts, such as OAuth scopes.
    List(Vec<String>),
}

/// Public fields by name. Their canonical JSON is part of the AAD, so a row whose destination was edited in
/// the database does not open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicConfig(BTreeMap<String, ConfigValue>);

impl PublicConfig {
    /// Adds a field, replacing an earlier value of the same name.
    pub fn insert(&mut self, field: impl Into<String>, value: ConfigValue) {
        self.0.insert(field.into(), value);
    }

    /// One field, when it is there.
    pub fn get(&self, field: &str) -> Option<&ConfigValue> {
        self.0.get(field)
    }

    /// All fields in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ConfigValue)> {
        self.0.iter().map(|(field, value)| (field.as_str(), value))
    }

    /// How many bytes of text the fields hold.
    pub fn text_bytes(&self) -> usize {
        self.0.iter().map(|(field, value)| field.len() + value.text_bytes()).sum()
    }

    /// The JSON form of RFC 8785 (JSON Canonicalization Scheme). Field names are ASCII, so their byte
    /// order is the UTF-16 order the RFC asks for; `serde_json` escapes strings as section 3.2.2.2 does.
    pub fn to_canonical_json(&self) -> String {
        let object: Map<String, Value> =
            self.0.iter().map(|(field, value)| (field.clone(), value.to_json())).collect();
        Value::Object(object).to_string()
    }

    /// Reads what [`Self::to_canonical_json`] wrote.
    pub fn from_canonical_json(text: &str) -> Result<Self, Rule> {
        const RULE: Rule =
            Rule::fixed("must be a JSON object of texts, whole numbers, booleans and lists of texts");
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| RULE)?;
        let fields = object.into_iter().map(|(field, value)| Some((field, ConfigValue::from_json(value)?)));
        fields.collect::<Option<_>>().map(Self).ok_or(RULE)
    }
}

impl ConfigValue {
    /// How many bytes of text it holds.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(String::len).sum(),
            Self::Integer(_) | Self::Boolean(_) => 8,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Integer(number) => Value::from(*number),
            Self::Boolean(truth) => Value::from(*truth),
            Self::List(items) => Value::from(items.clone()),
        }
    }

    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text)),
            Value::Number(number) => number.as_i64().map(Self::Integer),
            Value::Bool(truth) => Some(Self::Boolean(truth)),
            Value::Array(items) => {
                let texts = items.into_iter().map(|item| match item {
                    Value::String(text) => Some(text),
                    _ => None,
                });
                texts.collect::<Option<_>>().map(Self::List)
            }
            Value::Null | Value::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_is_sorted_escaped_and_read_back() {
        let mut config = PublicConfig::default();
        config.insert("port", ConfigValue::Integer(22));
        config.insert("host", ConfigValue::Text("a\"\u{1}\u{7f}é/".into()));
        config.insert("scopes", ConfigValue::List(vec!["b".into(), "a".into()]));
        let json = config.to_canonical_json();
        assert_eq!(json, "{\"host\":\"a\\\"\\u0001\u{7f}é/\",\"port\":22,\"scopes\":[\"b\",\"a\"]}");
        assert_eq!(PublicConfig::from_canonical_json(&json).unwrap(), config);
        assert!(PublicConfig::from_canonical_json("{\"a\":{}}").is_err());
    }
}
