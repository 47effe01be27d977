//! Reads a document and checks the limits while it reads.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::{Json, MAX_DEPTH, MAX_FIELDS, MAX_VALUES};
use crate::secret::SecretText;
use crate::violation::Rule;

/// What is said of text that is no JSON.
const NOT_JSON: &str = "must be JSON";

impl Json {
    /// Parses a document.
    ///
    /// # Errors
    /// The rule that was broken, and where what was sent stops to be JSON; never what was sent.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rule> {
        let (fault, values) = (Cell::new(NOT_JSON), Cell::new(0));
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let parsed = Seed { depth: 0, fault: &fault, values: &values }.deserialize(&mut deserializer);
        let parsed = parsed.and_then(|json| deserializer.end().map(|()| json));
        parsed.map_err(|error| match fault.get() {
            NOT_JSON if bytes.trim_ascii().is_empty() => Rule::fixed("must be JSON, and is empty"),
            NOT_JSON => {
                let (line, column) = (error.line(), error.column());
                Rule::naming(format!("{NOT_JSON}; line {line}, column {column} is not"))
            }
            limit => Rule::fixed(limit),
        })
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
        Ok(i64::try_from(number).map_or_else(|_| Json::Number(number.into()), Json::Integer))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Number::from_f64(number).map(Json::Number).ok_or_else(|| self.broken("must hold finite numbers"))
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
