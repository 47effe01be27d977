//! What every HTTP surface shares: the path of a request from the socket to a use case and back, without a
//! single route of its own.
//!
//! A surface is a [`Dialect`]: a table of [`Route`]s and one function that turns a [`Refusal`] into its
//! error body. [`mount`] builds the router from the tables, so that a route outside a table does not exist.
//! Each request is authenticated, then permitted, then its body is read, then its handler is called.
//!
//! To add an operation:
//!
//! 1. Write a file with a [`Route`] and its [`Doc`], and name the route in the table of the dialect.
//! 2. Declare the body and the query with [`request!`](crate::request!): a line for each field, whose comment
//!    is its description in the OpenAPI document. A field that is added later is one more line, and its use.
//!    A query parameter that no declaration names is refused ([`QueryRule`]).
//! 3. Write the handler: `call.body::<…>()?`, the use case, the answer. What goes wrong leaves it as a
//!    [`Refusal`].

mod body;
mod call;
mod connections;
mod doc;
mod documentation;
mod endpoint;
mod fields;
mod from_json;
mod memory;
mod metrics;
mod misshape;
mod openapi;
mod page;
mod peer;
mod pieces;
mod pipeline;
mod query;
mod refusal;
mod reply;
mod request;
mod route;
mod schema;
mod unread;
mod wording;

pub use call::{Call, Parameters, PublicCall};
pub use connections::{MOST_KEPT, OpenConnection, OpenConnections};
pub use doc::{AnswerBody, Answered, Doc};
pub use documentation::Documentation;
pub use endpoint::{Admitted, Endpoint, Handle};
pub use fields::Fields;
pub use from_json::{Fault, FromJson, ProviderName};
pub use memory::Memory;
pub use metrics::{Metrics, Watched};
pub use misshape::{Misshape, MisshapeKind};
pub use openapi::{Documented, ServedAt, document, documented, schemas};
pub use page::{Cursor, PageSize, Paging};
pub use peer::{BadNetwork, TrustedProxies};
pub use pipeline::{Kit, Listener, envelope, mount, refuse_early};
pub use query::unknown as unknown_parameters;
pub use refusal::{Refusal, Transport, renamed};
pub use reply::{created, no_content, ok, ok_secret, with_allowance, with_etag};
pub use request::{Presence, Request, RequestBody, RequestField, body_of};
pub use route::{Access, Answer, BodyRule, Dialect, DialectDoc, QueryRule, RefusedRequest, Route};
pub use schema::{
    ALLOWANCE, ETAG, IF_MATCH, LOCATION, Moment, Parameter, Schema, extended, form, one_of, or_null,
    prefixed_id_schema, schema_of,
};
