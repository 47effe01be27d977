//! JSON within limits, with every text held as a secret: any of them may be one.

mod parsing;

use serde::{Serialize, Serializer};
use serde_json::Number;
use zeroize::Zeroizing;

use crate::config::ConfigValue;
use crate::secret::SecretText;
use crate::violation::Rule;

/// How deep a document may nest.
pub const MAX_DEPTH: usize = 32;
/// How many fields one object may have.
pub const MAX_FIELDS: usize = 64;
/// How many values a document may hold in all, so that a list of a hundred thousand zeros costs nothing.
pub const MAX_VALUES: usize = 4_096;

/// A JSON value.
#[derive(Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A whole number that fits.
    Integer(i64),
    /// Any other number, as precise as an IEEE 754 double (RFC 8259, section 6).
    Number(Number),
    /// A text.
    Text(SecretText),
    /// A list.
    Array(Vec<Json>),
    /// An object, in its order, each name once.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Lends the document for writing. Every call site is a place to review.
    pub const fn expose(&self) -> ExposedJson<'_> {
        ExposedJson(self)
    }

    /// The document as text, in memory that is wiped when it is dropped.
    ///
    /// # Errors
    /// None in practice; a writer could fail, and this one only fills memory.
    pub fn to_text(&self) -> Result<SecretText, Rule> {
        // A buffer that grows leaves copies behind, so it has its final size from the start.
        let mut buffer = Zeroizing::new(Vec::with_capacity(self.max_written_bytes()));
        serde_json::to_writer(&mut *buffer, &self.expose()).map_err(|_| Rule::fixed("must be JSON"))?;
        let text =
            String::from_utf8(std::mem::take(&mut *buffer)).map_err(|_| Rule::fixed("must be UTF-8"))?;
        Ok(SecretText::new(text))
    }

    /// A second copy, wiped like the first.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Boolean(truth) => Self::Boolean(*truth),
            Self::Integer(number) => Self::Integer(*number),
            Self::Number(number) => Self::Number(number.clone()),
            Self::Text(text) => Self::Text(text.duplicate()),
            Self::Array(items) => Self::Array(items.iter().map(Self::duplicate).collect()),
            Self::Object(fields) => {
                Self::Object(fields.iter().map(|(name, value)| (name.clone(), value.duplicate())).collect())
            }
        }
    }

    /// Whether both are the same document; the order of fields does not count.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(one), Self::Boolean(other)) => one == other,
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one.expose() == other.expose(),
            (Self::Array(one), Self::Array(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.says_the_same_as(other))
            }
            (Self::Object(one), Self::Object(other)) => {
                let same = |(name, value): &(String, Self)| {
                    other.iter().any(|(of, other)| of == name && value.says_the_same_as(other))
                };
                one.len() == other.len() && one.iter().all(same)
            }
            _ => false,
        }
    }

    /// How deep the value nests: 0 for a value that is neither a list nor an object, 1 for an empty list or
    /// object.
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(fields) => 1 + fields.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// How many values the document has, itself included.
    pub fn count(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Self::Object(fields) => 1 + fields.iter().map(|(_, value)| value.count()).sum::<usize>(),
            _ => 1,
        }
    }

    /// Whether an object in the document has more than [`MAX_FIELDS`] fields.
    pub fn is_too_wide(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::is_too_wide),
            Self::Object(fields) => {
                fields.len() > MAX_FIELDS || fields.iter().any(|(_, value)| value.is_too_wide())
            }
            _ => false,
        }
    }

    /// Whether `is_so` is true of any text in the document. Names of fields are not looked at.
    pub fn any_text(&self, is_so: &impl Fn(&SecretText) -> bool) -> bool {
        match self {
            Self::Text(text) => is_so(text),
            Self::Array(items) => items.iter().any(|item| item.any_text(is_so)),
            Self::Object(fields) => fields.iter().any(|(_, value)| value.any_text(is_so)),
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Number(_) => false,
        }
    }

    /// The length of all texts and names in the document together, in bytes.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Array(items) => items.iter().map(Self::text_bytes).sum(),
            Self::Object(fields) => fields.iter().map(|(name, value)| name.len() + value.text_bytes()).sum(),
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Number(_) => 0,
        }
    }

    /// An upper bound of the length of the document as text, in bytes: JSON writes a byte with at most six.
    pub fn max_written_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Boolean(_) => 5,
            Self::Integer(_) | Self::Number(_) => 32,
            Self::Text(text) => text.len() * 6 + 2,
            Self::Array(items) => 2 + items.iter().map(|item| item.max_written_bytes() + 1).sum::<usize>(),
            Self::Object(fields) => {
                2 + fields
                    .iter()
                    .map(|(name, value)| name.len() * 6 + 4 + value.max_written_bytes())
                    .sum::<usize>()
            }
        }
    }
}

/// Applies a JSON Merge Patch (RFC 7396) to the fields of an object.
pub fn merge_fields<'a>(
    mut fields: Vec<(String, Json)>,
    patch: impl Iterator<Item = (&'a str, &'a Json)>,
) -> Vec<(String, Json)> {
    for (name, change) in patch {
        let at = fields.iter().position(|(known, _)| known == name);
        let old = at.map(|at| fields.remove(at).1);
        if let Some(new) = merge(old, change) {
            fields.push((name.to_owned(), new));
        }
    }
    fields
}

/// One value after a patch; `None` when the patch removes it.
fn merge(old: Option<Json>, patch: &Json) -> Option<Json> {
    match patch {
        Json::Null => None,
        Json::Object(changes) => {
            let fields = match old {
                Some(Json::Object(fields)) => fields,
                _ => Vec::new(),
            };
            let changes = changes.iter().map(|(name, change)| (name.as_str(), change));
            Some(Json::Object(merge_fields(fields, changes)))
        }
        other => Some(other.duplicate()),
    }
}

impl From<&ConfigValue> for Json {
    fn from(value: &ConfigValue) -> Self {
        let text = |text: &String| Self::Text(SecretText::new(text.clone()));
        match value {
            ConfigValue::Text(value) => text(value),
            ConfigValue::Integer(number) => Self::Integer(*number),
            ConfigValue::Boolean(truth) => Self::Boolean(*truth),
            ConfigValue::List(items) => Self::Array(items.iter().map(text).collect()),
        }
    }
}

impl TryFrom<&Json> for ConfigValue {
    type Error = Rule;

    /// A public value: a text, a truth value, a whole number within ±(2^53 - 1) or a list of texts.
    fn try_from(json: &Json) -> Result<Self, Rule> {
        const RULE: Rule = Rule::fixed("must be a text, a truth value, a whole number or a list of texts");
        match json {
            Json::Text(text) => Ok(Self::Text(text.expose().to_owned())),
            Json::Boolean(truth) => Ok(Self::Boolean(*truth)),
            Json::Integer(number) if number.unsigned_abs() < 1 << 53 => Ok(Self::Integer(*number)),
            Json::Array(items) => {
                let texts = items.iter().map(|item| match item {
                    Json::Text(text) => Some(text.expose().to_owned()),
                    _ => None,
                });
                texts.collect::<Option<_>>().map(Self::List).ok_or(RULE)
            }
            _ => Err(RULE),
        }
    }
}

/// A document on its way to a writer.
pub struct ExposedJson<'a>(&'a Json);

impl Serialize for ExposedJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Boolean(truth) => serializer.serialize_bool(*truth),
            Json::Integer(number) => serializer.serialize_i64(*number),
            Json::Number(number) => number.serialize(serializer),
            Json::Text(text) => serializer.serialize_str(text.expose()),
            Json::Array(items) => serializer.collect_seq(items.iter().map(ExposedJson)),
            Json::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, ExposedJson(value))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_at_their_border() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(nested(32).as_bytes()).is_ok());
        assert!(Json::parse(nested(33).as_bytes()).is_err());
        let wide = |count: usize| {
            let fields: Vec<_> = (0..count).map(|n| format!("\"f{n}\":0")).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert!(Json::parse(wide(64).as_bytes()).is_ok());
        assert!(Json::parse(wide(65).as_bytes()).is_err());
        let long = |count: usize| format!("[{}]", vec!["0"; count].join(","));
        assert!(Json::parse(long(4_095).as_bytes()).is_ok());
        assert!(Json::parse(long(4_096).as_bytes()).is_err());
    }

    #[test]
    fn what_is_not_one_json_value_is_refused_without_being_quoted() {
        for text in [
            "",
            "{",
            "{\"canary\":1}x",
            "{\"canary\":1,\"canary\":2}",
            "[canary]",
            "\"canary",
            "{\"canary\":01}",
        ] {
            let failure = Json::parse(text.as_bytes()).unwrap_err();
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }

    /// RFC 7396, appendix A; a removed document is null.
    #[test]
    fn a_merge_patch_does_what_its_rfc_shows() {
        for (original, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let parse = |text: &str| Json::parse(text.as_bytes()).unwrap();
            let merged = merge(Some(parse(original)), &parse(patch)).unwrap_or(Json::Null);
            let shown = merged.to_text().unwrap();
            assert!(merged.says_the_same_as(&parse(expected)), "{original} + {patch} = {}", shown.expose());
        }
    }

    #[test]
    fn a_document_is_written_as_it_was_read_and_within_its_announced_size() {
        for text in [
            r#"{"b":[1,-1,9223372036854775807,18446744073709551615,1.5,-0.0,1e300],"a":{"":null}}"#,
            "\"\\u0000\\u001f\\\"\\\\ \u{2028}\u{1f600}\"",
            "[true,false,[],{}]",
        ] {
            let json = Json::parse(text.as_bytes()).unwrap();
            let written = json.to_text().unwrap();
            let same = serde_json::from_str::<serde_json::Value>(written.expose()).unwrap();
            assert_eq!(same, serde_json::from_str::<serde_json::Value>(text).unwrap());
            assert!(
                written.len() <= json.max_written_bytes(),
                "{} > {}",
                written.len(),
                json.max_written_bytes()
            );
            assert!(json.says_the_same_as(&json.duplicate()));
        }
    }
}
