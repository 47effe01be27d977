//! A JSON object in which every name occurs once.
//!
//! When a name occurs twice, two readers could each use another value. And a derived struct would also accept
//! an array with the values of its fields in order, which no other reader takes for a header.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use strongroom_environment::TokenRefused;

/// The members of a header or payload.
pub(super) struct Members(BTreeMap<String, Value>);

impl Members {
    pub(super) fn parse(json: &[u8]) -> Result<Self, TokenRefused> {
        serde_json::from_slice(json).map_err(|_| TokenRefused::Malformed)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns a string, or `None` when the member is absent. Null and every other type is the error
    /// `otherwise`.
    pub(super) fn string(&self, name: &str, otherwise: TokenRefused) -> Result<Option<&str>, TokenRefused> {
        self.get(name).map(|value| value.as_str().ok_or(otherwise)).transpose()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EachNameOnce)
    }
}

struct EachNameOnce;

impl<'de> Visitor<'de> for EachNameOnce {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name comes twice"));
            }
        }
        Ok(Members(members))
    }
}
