//! Where and how a request has the wrong shape. Nothing here holds a value that was sent.

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

    /// A misshape of a query parameter.
    pub fn query(parameter: impl Into<String>, kind: MisshapeKind) -> Self {
        Self { location: vec!["query".into(), parameter.into()], kind }
    }
}
