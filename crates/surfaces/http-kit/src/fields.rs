//! Reads the fields of a body or a query, and gathers everything that is wrong with them.

use std::collections::BTreeMap;

use strongroom_application::Failure;
use strongroom_domain::{Json, Rule, SecretText, Submission, Violation};

use crate::from_json::{Fault, FromJson};
use crate::misshape::{Misshape, MisshapeKind};
use crate::refusal::Refusal;

/// The fields of one object, taken out one by one.
///
/// Wrong shapes and wrong contents are gathered apart; [`Self::finish`] reports the shapes first, because
/// contents mean nothing in the wrong shape.
pub struct Fields {
    part: &'static str,
    fields: BTreeMap<String, Json>,
    needed: &'static [&'static str],
    misshapes: Vec<Misshape>,
    violations: Vec<Violation>,
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

    /// The parameters of a query string. One that is there twice is a misshape. Unknown ones are passed over
    /// here: the route refuses them before.
    pub fn of_query(query: &str) -> Self {
        Self::of_encoded("query", query.as_bytes())
    }

    /// The fields of a form, read like the parameters of a query.
    pub fn of_form(form: &[u8]) -> Self {
        Self::of_encoded("form", form)
    }

    fn of_encoded(part: &'static str, encoded: &[u8]) -> Self {
        let mut read = Self::new(part, BTreeMap::new());
        for (name, value) in url::form_urlencoded::parse(encoded) {
            let value = Json::Text(SecretText::new(value.into_owned()));
            if read.fields.insert(name.to_string(), value).is_some() {
                read.misshapen(&name, MisshapeKind::Repeated);
            }
        }
        read
    }

    fn new(part: &'static str, fields: BTreeMap<String, Json>) -> Self {
        Self { part, fields, needed: &[], misshapes: Vec::new(), violations: Vec::new() }
    }

    /// Whether a field is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !matches!(value, Json::Null))
    }

    /// Whether a field is named, even if it is `null`.
    pub fn names(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Makes these optional fields necessary, because of what else the body holds.
    pub fn need(&mut self, names: &'static [&'static str]) {
        self.needed = names;
    }

    /// A field that must be there.
    pub(crate) fn required<T: FromJson>(&mut self, name: &str) -> Option<T> {
        match self.fields.remove(name) {
            None | Some(Json::Null) => {
                self.misshapen(name, MisshapeKind::Missing);
                None
            }
            Some(value) => self.value(name, value),
        }
    }

    /// A field that may be absent or `null`.
    pub(crate) fn optional<T: FromJson>(&mut self, name: &str) -> Option<T> {
        if self.needed.contains(&name) {
            return self.required(name);
        }
        match self.fields.remove(name)? {
            Json::Null => None,
            value => self.value(name, value),
        }
    }

    fn value<T: FromJson>(&mut self, name: &str, value: Json) -> Option<T> {
        match T::from_json(value) {
            Ok(value) => return Some(value),
            Err(Fault::Shape(kind)) => self.misshapen(name, kind),
            Err(Fault::Content(rule)) => self.broken(name, rule),
        }
        None
    }

    /// A value that was taken out and has a rule of this call's own, such as being in the catalog.
    pub fn judged<T, U>(
        &mut self,
        name: &str,
        value: Option<T>,
        judge: impl FnOnce(T) -> Result<U, Rule>,
    ) -> Option<U> {
        judge(value?).map_err(|rule| self.broken(name, rule)).ok()
    }

    /// Everything that has not been taken out yet.
    pub fn rest(&mut self) -> Submission {
        std::mem::take(&mut self.fields).into_iter().collect()
    }

    /// Notes parameters that are not known.
    pub fn unknown(&mut self, misshapes: Vec<Misshape>) {
        self.misshapes.extend(misshapes);
    }

    /// Notes a broken rule of a field.
    fn broken(&mut self, name: &str, rule: Rule) {
        match self.part {
            "body" => self.violations.push(rule.on(name)),
            _ => self.misshapen(name, MisshapeKind::WrongValue(rule.to_string())),
        }
    }

    fn misshapen(&mut self, name: &str, kind: MisshapeKind) {
        self.misshapes.push(Misshape { location: vec![self.part.to_owned(), name.to_owned()], kind });
    }

    /// Builds the result when nothing was wrong.
    ///
    /// # Errors
    /// `Misshapen` with every misshape, including fields that no declaration names; else `Invalid` with every
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, RequestBody};
    use serde_json::json;
    use strongroom_domain::{CredentialName, CredentialType};

    crate::request! {
        /// A toy.
        struct Toy as "Toy" {
            a: String,
            b: String,
            /// A choice.
            c: Option<CredentialType>,
            #[schema({ "examples": ["Dee"] })]
            d as "D": Option<CredentialName>,
            e: Option<Option<u32>>,
        }
        with json!({ "minProperties": 2 });
    }

    fn toy(body: &[u8]) -> Result<Toy, Refusal> {
        Toy::read(Fields::of_body(Json::parse(body).unwrap())?)
    }

    #[test]
    fn everything_wrong_with_a_body_is_reported_at_once_and_shapes_come_first() {
        let refusal = toy(br#"{"a":1,"c":"canary","D":"","x":"canary"}"#).map(|_| ()).unwrap_err();
        let Refusal::Misshapen(misshapes) = &refusal else { panic!("{refusal:?}") };
        let places: Vec<_> = misshapes.iter().map(|misshape| misshape.location[1].as_str()).collect();
        assert_eq!(places, ["a", "b", "c", "x"]);
        assert!(!format!("{refusal:?}").contains("canary"));
        let broken = toy(br#"{"a":"","b":"","D":"\u0000"}"#).map(|_| ()).unwrap_err();
        assert!(matches!(broken, Refusal::Failure(Failure::Invalid(broken)) if broken[0].field == "D"));
    }

    #[test]
    fn absent_and_null_are_one_unless_the_type_tells_them_apart() {
        let read = toy(br#"{"a":"","b":"","c":null,"e":null}"#).unwrap();
        assert!(read.c.is_none() && read.d.is_none() && read.e == Some(None) && read.a == read.b);
        assert_eq!(toy(br#"{"a":"","b":""}"#).unwrap().e, None);
        assert_eq!(toy(br#"{"a":"","b":"","e":7}"#).unwrap().e, Some(Some(7)));
    }

    #[test]
    fn a_field_can_become_necessary_by_what_stands_beside_it() {
        let mut fields = Fields::of_body(Json::parse(br#"{"a":"","b":"","c":null}"#).unwrap()).unwrap();
        fields.need(&["c"]);
        let refusal = Toy::read(fields).map(|_| ()).unwrap_err();
        assert_eq!(refusal, Refusal::Misshapen(vec![Misshape::body("c", MisshapeKind::Missing)]));
    }

    #[test]
    fn the_schema_of_a_body_follows_from_its_declaration() {
        let schema = Toy::schema();
        assert_eq!((&schema["required"], &schema["minProperties"]), (&json!(["a", "b"]), &json!(2)));
        assert_eq!(schema["description"], "A toy.");
        assert_eq!(schema["additionalProperties"], false);
        let fields = &schema["properties"];
        assert_eq!(fields["a"], json!({ "type": "string" }));
        assert_eq!(
            (&fields["c"]["description"], &fields["c"]["enum"][7]),
            (&json!("A choice."), &json!(null))
        );
        assert_eq!(fields["D"]["examples"], json!(["Dee"]));
        assert_eq!(fields["e"]["type"], json!(["integer", "null"]));
    }
}
