//! Pages of a list: how long they are, and where the next one begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use strongroom_application::Failure;
use strongroom_domain::{Json, Rule};

use crate::from_json::{Fault, FromJson};

crate::request! {
    /// Which page of a list to answer.
    pub struct Paging {
        /// The most items to answer.
        limit: Option<PageSize>,
        /// Where to go on, from an earlier answer.
        cursor: Option<Cursor>,
    }
}

impl Paging {
    /// How many items to answer at most.
    pub fn limit(&self) -> u32 {
        self.limit.as_ref().map_or(PageSize::default().0, |size| size.0)
    }

    /// The position after which the page begins.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another kind.
    pub fn position<T>(&self, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        self.cursor.as_ref().map(|cursor| cursor.decode(parse)).transpose()
    }
}

/// Where a list goes on: base64url of `v1` and the position of the last item.
pub struct Cursor(String);

impl Cursor {
    /// Spells a cursor.
    pub fn encode(position: impl std::fmt::Display) -> String {
        URL_SAFE_NO_PAD.encode(format!("v1{position}"))
    }

    /// The position in a cursor that [`Self::encode`] wrote.
    ///
    /// # Errors
    /// `Invalid` for another text.
    fn decode<T>(&self, parse: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok();
        let position = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let parsed = position.and_then(|position| position.strip_prefix("v1").and_then(&parse));
        parsed.ok_or_else(|| {
            Failure::invalid(Rule::fixed("must be a cursor of an earlier answer").on("cursor"))
        })
    }
}

impl FromJson for Cursor {
    fn from_json(json: Json) -> Result<Self, Fault> {
        String::from_json(json).map(Self)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" })
    }
}

/// How many items a page has at most: 1 to 500, and 100 unless the caller says otherwise.
pub struct PageSize(pub u32);

impl PageSize {
    const MOST: u32 = 500;
}

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

impl FromJson for PageSize {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let size = u32::from_json(json).ok().filter(|size| (1..=Self::MOST).contains(size));
        let rule = || Rule::naming(format!("must be a whole number from 1 to {}", Self::MOST));
        size.map(Self).ok_or_else(|| Fault::wrong_value(&rule()))
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": Self::MOST, "default": Self::default().0 })
    }
}
