//! What the OpenAPI document says about a route beyond what its method, path, access and body rule say.

use crate::request::RequestField;
use crate::schema::{Parameter, Schema};

/// The documentation of a route.
#[derive(Clone, Copy)]
pub struct Doc {
    /// What the route does, in a few words.
    pub summary: &'static str,
    /// The query parameters of the route, by the declarations that its handler reads.
    pub query: &'static [&'static [RequestField]],
    /// The request headers that the route reads, beyond those of authentication.
    pub headers: &'static [Parameter],
    /// The body that a request must have; [`body_of`](crate::body_of) gives it.
    pub body: Option<Schema>,
    /// What the route answers when all goes well.
    pub answers: &'static [Answered],
    /// The statuses that the use case can end with, beyond those that every route of the same access and body
    /// rule has: authentication, permission, transport, wrong shape, internal error.
    pub refusals: &'static [u16],
    /// The headers that a successful answer may have, beyond those of every answer.
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

/// A successful answer.
#[derive(Clone, Copy)]
pub struct Answered {
    /// The status of the answer.
    pub status: u16,
    /// What the answer means, in a sentence for API users.
    pub description: &'static str,
    /// The body of the answer.
    pub body: AnswerBody,
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub enum AnswerBody {
    /// The answer has no body.
    None,
    /// The body is a JSON document of this schema.
    One(Schema),
    /// The body is a JSON array of documents of this schema.
    List(Schema),
    /// The body is not JSON and has this media type.
    Other(&'static str),
}

impl AnswerBody {
    /// The schema that the body refers to.
    pub(crate) const fn schema(self) -> Option<Schema> {
        match self {
            Self::One(schema) | Self::List(schema) => Some(schema),
            Self::None | Self::Other(_) => None,
        }
    }
}
