//! What the values of a request are read into, and the JSON Schema of each.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strongroom_domain::content::MAX_CERTIFICATES_BYTES;
use strongroom_domain::integration::ConnectCategory;
use strongroom_domain::json::MAX_FIELDS;
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{
    Action, Actor, CredentialId, CredentialName, CredentialStatus, CredentialType, IntegrationStatus, Json,
    ProviderId, Rule, SecretText, ServiceAccountStatus, Slot, Submission, timestamp,
};
use time::OffsetDateTime;

use crate::misshape::MisshapeKind;
use crate::schema::{form, one_of};

/// A type that a JSON value can be read into.
pub trait FromJson: Sized {
    /// Takes the value.
    ///
    /// # Errors
    /// What is wrong with it; never the value itself.
    fn from_json(json: Json) -> Result<Self, Fault>;

    /// The JSON Schema (draft 2020-12) of the values that are taken. It names one `type`, or a list of them.
    fn schema() -> Value;
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has the wrong shape.
    Shape(MisshapeKind),
    /// It has the right shape and breaks a rule. In a query that is a wrong shape as well.
    Content(Rule),
}

impl Fault {
    /// A value of another type than this one.
    pub const fn not_a(kind: &'static str) -> Self {
        Self::Shape(MisshapeKind::WrongType(kind))
    }

    /// A value that is none of those that its type has.
    pub fn wrong_value(rule: &Rule) -> Self {
        Self::Shape(MisshapeKind::WrongValue(rule.to_string()))
    }
}

impl From<Rule> for Fault {
    fn from(rule: Rule) -> Self {
        Self::Content(rule)
    }
}

/// A provider's id as a caller writes it, in any case. Whether the catalog has it is decided by the use case.
pub struct ProviderName(pub String);

impl FromJson for ProviderName {
    fn from_json(json: Json) -> Result<Self, Fault> {
        String::from_json(json).map(Self)
    }

    fn schema() -> Value {
        form(ProviderId::FORM)
    }
}

impl FromJson for String {
    fn from_json(json: Json) -> Result<Self, Fault> {
        Ok(SecretText::from_json(json)?.expose().to_owned())
    }

    fn schema() -> Value {
        SecretText::schema()
    }
}

impl FromJson for SecretText {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match json {
            Json::Text(text) => Ok(text),
            _ => Err(Fault::not_a("string")),
        }
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl FromJson for bool {
    /// A truth value, or its text, which is all that a query can hold.
    fn from_json(json: Json) -> Result<Self, Fault> {
        match json {
            Json::Boolean(truth) => Ok(truth),
            Json::Text(text) => match text.expose() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(Fault::wrong_value(&Rule::fixed("must be true or false"))),
            },
            _ => Err(Fault::not_a("boolean")),
        }
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl FromJson for u64 {
    /// A whole number, or its decimal text, which is all that a query can hold, in its one spelling: without
    /// a sign and leading zeros.
    fn from_json(json: Json) -> Result<Self, Fault> {
        let number = match &json {
            Json::Integer(number) => Self::try_from(*number).ok(),
            Json::Text(text) => {
                let number: Option<Self> = text.expose().parse().ok();
                number.filter(|number| number.to_string() == text.expose())
            }
            _ => None,
        };
        number.ok_or(Fault::not_a("integer"))
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl FromJson for u32 {
    fn from_json(json: Json) -> Result<Self, Fault> {
        Self::try_from(u64::from_json(json)?).map_err(|_| Fault::not_a("integer"))
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": Self::MAX })
    }
}

impl FromJson for OffsetDateTime {
    fn from_json(json: Json) -> Result<Self, Fault> {
        timestamp::parse(&String::from_json(json)?).map_err(|rule| Fault::wrong_value(&rule))
    }

    fn schema() -> Value {
        form(timestamp::FORM)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match json {
            Json::Array(items) => items.into_iter().map(T::from_json).collect(),
            _ => Err(Fault::not_a("list")),
        }
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

impl<T: FromJson + Ord> FromJson for BTreeSet<T> {
    fn from_json(json: Json) -> Result<Self, Fault> {
        Ok(Vec::from_json(json)?.into_iter().collect())
    }

    fn schema() -> Value {
        Vec::<T>::schema()
    }
}

/// The fields of a credential; the catalog says which a provider has.
impl FromJson for Submission {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match json {
            Json::Object(fields) => Ok(fields.into_iter().collect()),
            _ => Err(Fault::not_a("object")),
        }
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "description": "The fields that the catalog names for provider and type. Certificates may have 192 KiB, \
                            other texts 32 KiB.",
            "additionalProperties": {
                "type": ["string", "integer", "boolean", "array", "null"],
                "items": { "type": "string" },
                "maxLength": MAX_CERTIFICATES_BYTES,
            },
            "maxProperties": MAX_FIELDS,
        })
    }
}

/// Newtypes of the domain: a text that breaks the rule is wrong content.
macro_rules! texts {
    ($($name:ident),+) => { $(
        impl FromJson for $name {
            fn from_json(json: Json) -> Result<Self, Fault> {
                Ok(Self::parse(&String::from_json(json)?)?)
            }

            fn schema() -> Value {
                form(Self::FORM)
            }
        }
    )+ };
}

/// Enumerations of the domain: a text that is none of their spellings is a wrong shape.
macro_rules! choices {
    ($($name:ident),+) => { $(
        impl FromJson for $name {
            fn from_json(json: Json) -> Result<Self, Fault> {
                Self::parse(&String::from_json(json)?).map_err(|rule| Fault::wrong_value(&rule))
            }

            fn schema() -> Value {
                one_of(Self::ALL.iter().map(|choice| choice.as_str()))
            }
        }
    )+ };
}

texts!(AccountName, Actor, CredentialId, CredentialName, ProviderId, Slot);
choices!(Action, ConnectCategory, CredentialStatus, CredentialType, IntegrationStatus, ServiceAccountStatus);
