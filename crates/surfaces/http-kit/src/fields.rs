//! Reads the fields of a body or a query, and gathers everything that is wrong with them.

use std::collections::BTreeMap;

use strongroom_application::Failure;
use strongroom_domain::{Json, Rule, SecretText, Submission, SubmittedValue, Violation, timestamp};
use time::OffsetDateTime;

use crate::misshape::{Misshape, MisshapeKind};
use crate::refusal::Refusal;

/// The fields of one object, taken out one by one.
///
/// Wrong shapes and wrong contents are gathered apart; [`Self::finish`] reports the shapes first, because
/// contents mean nothing in the wrong shape.
pub struct Fields {
    part: &'static str,
    fields: BTreeMap<String, Json>,
    misshapes: Vec<Misshape>,
    violations: Vec<Violation>,
}

/// A type that a JSON value can be.
pub trait FromJson: Sized {
    /// Takes the value, or says which type was expected.
    fn from_json(json: Json) -> Result<Self, MisshapeKind>;
}

impl Fields {
    /// The fields of a body, which must be an object.
    pub fn of_body(body: Json) -> Result<Self, Refusal> {
        match body {
            Json::Object(fields) => Ok(Self::new("body", fields.into_iter().collect())),
            _ => {
                let location = vec!["body".to_owned()];
                Err(Refusal::Misshapen(vec![Misshape { location, kind: MisshapeKind::WrongType("object") }]))
            }
        }
    }

    /// The parameters of a query string. One that is there twice is a misshape; unknown ones are passed
    /// over.
    pub fn of_query(query: &str) -> Self {
        let mut read = Self::new("query", BTreeMap::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = Json::Text(SecretText::new(value.into_owned()));
            if read.fields.insert(name.to_string(), value).is_some() {
                read.misshapen(&name, MisshapeKind::Repeated);
            }
        }
        read
    }

    fn new(part: &'static str, fields: BTreeMap<String, Json>) -> Self {
        Self { part, fields, misshapes: Vec::new(), violations: Vec::new() }
    }

    /// Whether a field is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !matches!(value, Json::Null))
    }

    /// Whether a field is named, be it `null`.
    pub fn names(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, name: &str) -> Option<T> {
        if !self.has(name) {
            self.fields.remove(name);
            self.misshapen(name, MisshapeKind::Missing);
            return None;
        }
        self.optional(name)
    }

    /// A field that may be absent or `null`.
    pub fn optional<T: FromJson>(&mut self, name: &str) -> Option<T> {
        match self.fields.remove(name)? {
            Json::Null => None,
            value => match T::from_json(value) {
                Ok(value) => Some(value),
                Err(kind) => {
                    self.misshapen(name, kind);
                    None
                }
            },
        }
    }

    /// A field that may be `null` on purpose: outer `None` when absent, inner `None` when `null`.
    pub fn nullable<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.fields.get(name)? {
            Json::Null => {
                self.fields.remove(name);
                Some(None)
            }
            _ => read(self, name).map(Some),
        }
    }

    /// A text that must be one of an enumeration; another one is a wrong shape.
    pub fn choice<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, Rule>) -> Option<T> {
        let text: String = self.optional(name)?;
        parse(&text).map_err(|rule| self.misshapen(name, MisshapeKind::WrongValue(rule.to_string()))).ok()
    }

    /// The same, and it must be there.
    pub fn required_choice<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, Rule>) -> Option<T> {
        if !self.has(name) {
            return self.required::<String>(name).and(None);
        }
        self.choice(name, parse)
    }

    /// A text with a rule. Breaking it is wrong content in a body, and a wrong shape in a query.
    pub fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Rule>) -> Option<T> {
        let text: String = self.optional(name)?;
        parse(&text).map_err(|rule| self.broken(name, rule)).ok()
    }

    /// A list of texts with a rule each.
    pub fn parsed_list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Rule>) -> Option<Vec<T>> {
        let texts: Vec<String> = self.optional(name)?;
        let parsed: Result<Vec<T>, Rule> = texts.iter().map(|text| parse(text)).collect();
        parsed.map_err(|rule| self.broken(name, rule)).ok()
    }

    /// A truth value of a query; absent is false.
    pub fn flag(&mut self, name: &str) -> bool {
        self.parsed(name, |text| text.parse().map_err(|_| Rule::fixed("must be true or false")))
            .unwrap_or(false)
    }

    /// Everything that has not been taken out yet.
    pub fn rest(&mut self) -> Submission {
        std::mem::take(&mut self.fields).into_iter().map(|(name, value)| (name, value.into())).collect()
    }

    /// Notes a broken rule of a field.
    pub fn broken(&mut self, name: &str, rule: Rule) {
        match self.part {
            "query" => self.misshapen(name, MisshapeKind::WrongValue(rule.to_string())),
            _ => self.violations.push(rule.on(name)),
        }
    }

    fn misshapen(&mut self, name: &str, kind: MisshapeKind) {
        self.misshapes.push(Misshape { location: vec![self.part.to_owned(), name.to_owned()], kind });
    }

    /// Builds the result when nothing was wrong.
    ///
    /// # Errors
    /// `Misshapen` with every misshape, fields that nobody asked for included; else `Invalid` with every
    /// violation.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        if self.part == "body" {
            for name in std::mem::take(&mut self.fields).into_keys() {
                self.misshapen(&name, MisshapeKind::Unknown);
            }
        }
        if !self.misshapes.is_empty() {
            return Err(Refusal::Misshapen(self.misshapes));
        }
        if !self.violations.is_empty() {
            return Err(Failure::Invalid(self.violations).into());
        }
        build().ok_or(Failure::Internal.into())
    }
}

impl FromJson for String {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match json {
            Json::Text(text) => Ok(text.expose().to_owned()),
            _ => Err(MisshapeKind::WrongType("string")),
        }
    }
}

impl FromJson for u64 {
    /// A whole number, or its decimal text, which is all that a query can hold.
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        let number = match &json {
            Json::Integer(number) => Self::try_from(*number).ok(),
            Json::Text(text) if text.expose().bytes().all(|b| b.is_ascii_digit()) => {
                text.expose().parse().ok()
            }
            _ => None,
        };
        number.ok_or(MisshapeKind::WrongType("integer"))
    }
}

impl FromJson for u32 {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        Self::try_from(u64::from_json(json)?).map_err(|_| MisshapeKind::WrongType("integer"))
    }
}

impl FromJson for SecretText {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match json {
            Json::Text(text) => Ok(text),
            _ => Err(MisshapeKind::WrongType("string")),
        }
    }
}

impl FromJson for SubmittedValue {
    /// A whole number or a text, as a field that is a number takes either.
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match json {
            Json::Integer(_) | Json::Text(_) => Ok(json.into()),
            _ => Err(MisshapeKind::WrongType("integer")),
        }
    }
}

impl FromJson for OffsetDateTime {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        let Json::Text(text) = json else { return Err(MisshapeKind::WrongType("string")) };
        timestamp::parse(text.expose()).map_err(|rule| MisshapeKind::WrongValue(rule.to_string()))
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match json {
            Json::Array(items) => items.into_iter().map(T::from_json).collect(),
            _ => Err(MisshapeKind::WrongType("list")),
        }
    }
}

impl FromJson for Submission {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match json {
            Json::Object(fields) => {
                Ok(fields.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
            _ => Err(MisshapeKind::WrongType("object")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_with_a_body_is_reported_at_once_and_shapes_come_first() {
        let body = Json::parse(br#"{"a":1,"c":"canary","d":"canary","x":"canary"}"#).unwrap();
        let mut fields = Fields::of_body(body).unwrap();
        let a: Option<String> = fields.required("a");
        let b: Option<String> = fields.required("b");
        fields.choice::<()>("c", |_| Err(Rule::fixed("must be known")));
        fields.parsed::<()>("d", |_| Err(Rule::fixed("must be good")));
        let failure = fields.finish(|| a.zip(b)).unwrap_err();
        let Refusal::Misshapen(misshapes) = &failure else { panic!("{failure:?}") };
        let places: Vec<_> = misshapes.iter().map(|misshape| misshape.location[1].as_str()).collect();
        assert_eq!(places, ["a", "b", "c", "x"]);
        assert!(!format!("{failure:?}").contains("canary"));
    }
}
