//! JSON within limits, with every text held as a secret: any of them may be one.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use strongroom_application::{Failure, Misshape, MisshapeKind};
use strongroom_domain::{SecretText, SubmittedValue};

/// How deep a body may nest.
const MAX_DEPTH: usize = 32;
/// How many fields one object may have.
const MAX_FIELDS: usize = 64;
/// How many values a body may hold in all, so that a list of a hundred thousand zeros costs nothing.
const MAX_VALUES: usize = 4_096;

/// A JSON value.
#[derive(Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A whole number that fits.
    Integer(i64),
    /// Any other number.
    Number,
    /// A text.
    Text(SecretText),
    /// A list.
    Array(Vec<Json>),
    /// An object, in its order, each name once.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses a body.
    ///
    /// # Errors
    /// `Malformed`, saying which rule was broken and never what was sent.
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let (fault, values) = (Cell::new("must be JSON"), Cell::new(0));
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let parsed = Seed { depth: 0, fault: &fault, values: &values }.deserialize(&mut deserializer);
        let parsed = parsed.and_then(|json| deserializer.end().map(|()| json));
        parsed.map_err(|_| {
            let location = vec!["body".to_owned()];
            Failure::Malformed(vec![Misshape { location, kind: MisshapeKind::NotJson(fault.get()) }])
        })
    }
}

impl From<Json> for SubmittedValue {
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Boolean(truth) => Self::Boolean(truth),
            Json::Integer(number) => Self::Integer(number),
            Json::Text(text) => Self::Text(text),
            Json::Array(items) => {
                let texts = items.into_iter().map(|item| match item {
                    Json::Text(text) => Some(text),
                    _ => None,
                });
                texts.collect::<Option<_>>().map_or(Self::Other, Self::List)
            }
            Json::Number | Json::Object(_) => Self::Other,
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    fault: &'a Cell<&'static str>,
    values: &'a Cell<usize>,
}

impl Seed<'_> {
    fn broken<E: Error>(&self, rule: &'static str) -> E {
        self.fault.set(rule);
        E::custom(rule)
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.broken("must not nest deeper than 32 levels"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(self.broken("must not hold more than 4096 values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Boolean(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(i64::try_from(number).map_or(Json::Number, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(SecretText::new(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut object: Vec<(String, Json)> = Vec::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.len() >= MAX_FIELDS {
                return Err(self.broken("must not have more than 64 fields in an object"));
            }
            if object.iter().any(|(earlier, _)| *earlier == name) {
                return Err(self.broken("must not repeat a field"));
            }
            let value = fields.next_value_seed(inner)?;
            object.push((name, value));
        }
        Ok(Json::Object(object))
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
}
