//! What the OpenAPI document says about a route beyond what its method, path, access and body rule say.

use serde_json::Value;

use crate::request::Field;

/// The documentation of a route.
#[derive(Clone, Copy)]
pub struct Doc {
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Its query parameters, by the declarations that it reads.
    pub query: &'static [&'static [Field]],
    /// Its request headers, beyond those of authentication.
    pub headers: &'static [Parameter],
    /// Its request body.
    pub body: Option<Schema>,
    /// What it answers when all goes well.
    pub answers: &'static [Answered],
    /// The statuses of failures that its use case can end with, beyond those that every route of its kind has
    /// (authentication, permission, transport, wrong shape, ours).
    pub refusals: &'static [u16],
    /// The headers that its successful answers may have, beyond those of every answer.
    pub answer_headers: &'static [Parameter],
    /// The bodies of refusals that this route words in a way of its own, by status.
    pub own_refusals: &'static [(u16, AnswerBody)],
}

impl Doc {
    /// A route that takes nothing and whose use case cannot fail; the rest is added with `..Doc::new(…)`.
    pub const fn new(summary: &'static str, answers: &'static [Answered]) -> Self {
        Self {
            summary,
            query: &[],
            headers: &[],
            body: None,
            answers,
            refusals: &[],
            answer_headers: &[],
            own_refusals: &[],
        }
    }
}

/// A parameter of a path, a query or a header.
#[derive(Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// Its JSON Schema.
    pub schema: fn() -> Value,
}

/// A JSON Schema (draft 2020-12) that the document keeps once, under a name.
#[derive(Clone, Copy)]
pub struct Schema {
    /// Its name among the components, in PascalCase; unique over all dialects.
    pub name: &'static str,
    /// The schema. It holds other schemas by value, so that it can be read alone.
    pub json: fn() -> Value,
}

/// A successful answer.
#[derive(Clone, Copy)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// When it is given.
    pub description: &'static str,
    /// Its body.
    pub body: AnswerBody,
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub enum AnswerBody {
    /// None.
    None,
    /// JSON.
    One(Schema),
    /// A JSON array.
    List(Schema),
    /// Something else, of this media type.
    Other(&'static str),
}

impl AnswerBody {
    /// The schema that it refers to.
    pub(crate) const fn schema(self) -> Option<Schema> {
        match self {
            Self::One(schema) | Self::List(schema) => Some(schema),
            Self::None | Self::Other(_) => None,
        }
    }
}
