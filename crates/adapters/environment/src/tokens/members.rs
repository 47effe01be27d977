//! A JSON object in which every name occurs once, at any depth.
//!
//! When a name occurs twice, two readers could each use another value. And a derived struct would also accept
//! an array with the values of its fields in order, which no other reader takes for a header.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use strongroom_environment::{TokenRefusal, TokenRefused};

/// The members of a header or payload.
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenRefusal> {
        serde_json::from_slice(json).map_err(|_| TokenRefused::Malformed.into())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns a string, or `None` when the member is absent. Null and every other type is the error
    /// `otherwise`, about this member.
    pub(super) fn string(&self, name: &str, otherwise: TokenRefused) -> Result<Option<&str>, TokenRefusal> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| about(otherwise, name))).transpose()
    }
}

/// A refusal about something that a token says, or about a claim: in printable ASCII, and cut off after 128
/// characters.
pub(super) fn about(reason: TokenRefused, text: &str) -> TokenRefusal {
    TokenRefusal { about: Some(printable(text, 128)), ..reason.into() }
}

/// A text of a token for the log: other characters than printable ASCII become `?`, and it is cut off after
/// so many.
pub(super) fn printable(text: &str, longest: usize) -> String {
    let shown = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    text.chars().take(longest).map(shown).collect()
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Strict::deserialize(deserializer)? {
            Strict(Value::Object(members)) => Ok(Self(members)),
            Strict(_) => Err(D::Error::custom("not an object")),
        }
    }
}

/// A value in whose objects, at any depth, every name occurs once.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EachNameOnce).map(Self)
    }
}

struct EachNameOnce;

impl<'de> Visitor<'de> for EachNameOnce {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name comes twice"));
            }
        }
        Ok(Value::Object(members))
    }
}
