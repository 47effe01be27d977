//! Where and how a request has the wrong shape. Nothing here holds a value that was sent.

use std::fmt;

use strongroom_domain::Violation;

/// One place where a request has the wrong shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshape {
    /// Where: `["body", "credential_type"]` or `["query", "limit"]`.
    pub location: Vec<String>,
    /// How.
    pub kind: MisshapeKind,
}

/// How a place has the wrong shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MisshapeKind {
    /// It is not there.
    Missing,
    /// It is not known here.
    Unknown,
    /// It is there twice.
    Repeated,
    /// It has another type than this one.
    WrongType(&'static str),
    /// It breaks a rule that its type has, such as a list of allowed values.
    WrongValue(String),
    /// The whole is not JSON, or is nested too deep, or has too many fields.
    NotJson(String),
}

impl Misshape {
    /// A misshape of a body field.
    pub fn body(field: impl Into<String>, kind: MisshapeKind) -> Self {
        Self { location: vec!["body".into(), field.into()], kind }
    }

    /// A misshape of an argument in this part of the request, `body` or `query`.
    pub fn of_argument(part: &str, violation: &Violation) -> Self {
        let location = vec![part.to_owned(), violation.field.clone()];
        Self { location, kind: MisshapeKind::WrongValue(violation.rule.to_string()) }
    }

    /// A misshape of a query parameter.
    pub fn query(parameter: impl Into<String>, kind: MisshapeKind) -> Self {
        Self { location: vec!["query".into(), parameter.into()], kind }
    }
}

/// What is said of the place, after its name.
impl fmt::Display for MisshapeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
            Self::Unknown => f.write_str("is not known here"),
            Self::Repeated => f.write_str("must be given once"),
            Self::WrongType(expected) => write!(f, "must be of type {expected}"),
            Self::WrongValue(rule) | Self::NotJson(rule) => f.write_str(rule),
        }
    }
}
