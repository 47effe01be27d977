//! Where and how a request has the wrong shape. Nothing here holds a value that was sent.

use std::fmt;

use strongroom_domain::Violation;

/// One place where a request has the wrong shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshape {
    /// The way to the place: `["body", "credential_type"]` or `["query", "limit"]`.
    pub location: Vec<String>,
    /// What is wrong there.
    pub kind: MisshapeKind,
}

/// What is wrong with a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MisshapeKind {
    /// The field is absent.
    Missing,
    /// The route knows no such field.
    Unknown,
    /// The route knows no such query parameter; it knows these.
    UnknownParameter(Vec<String>),
    /// The field is there twice.
    Repeated,
    /// The value has another type than this one.
    WrongType(&'static str),
    /// The value breaks a rule of its type, such as a list of allowed values.
    WrongValue(String),
    /// The body is not JSON, or is nested too deep, or has too many fields.
    NotJson(String),
}

impl Misshape {
    /// Places a misshape in a field of the body.
    pub fn body(field: impl Into<String>, kind: MisshapeKind) -> Self {
        Self { location: vec!["body".into(), field.into()], kind }
    }

    /// Places the violation of an argument in the part of the request that held it, `body` or `query`.
    pub fn of_argument(part: &str, violation: &Violation) -> Self {
        let location = vec![part.to_owned(), violation.field.clone()];
        Self { location, kind: MisshapeKind::WrongValue(violation.rule.to_string()) }
    }

    /// Places a misshape in a parameter of the query.
    pub fn query(parameter: impl Into<String>, kind: MisshapeKind) -> Self {
        Self { location: vec!["query".into(), parameter.into()], kind }
    }
}

/// Writes the end of a sentence that begins with the name of the place.
impl fmt::Display for MisshapeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
            Self::Unknown => f.write_str("is not known here"),
            Self::UnknownParameter(known) if known.is_empty() => {
                f.write_str("is not known here; this route takes no query parameters")
            }
            Self::UnknownParameter(known) => write!(f, "is not known here; known are: {}", known.join(", ")),
            Self::Repeated => f.write_str("must be given once"),
            Self::WrongType(expected) => write!(f, "must be of type {expected}"),
            Self::WrongValue(rule) | Self::NotJson(rule) => f.write_str(rule),
        }
    }
}
