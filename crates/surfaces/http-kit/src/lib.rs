//! What every HTTP surface shares: the path of a request from the socket to a use case and back, without a
//! single route of its own.
//!
//! A surface is a [`Dialect`]: a table of [`Route`]s and one function that turns a [`Refusal`] into its
//! error body. [`mount`] builds the router from the tables, so that a route outside a table does not exist.
//! Each request is authenticated, then permitted, then its body is read, then its handler is called.

mod body;
mod call;
mod fields;
mod json;
mod metrics;
mod peer;
mod pipeline;
mod refusal;
mod reply;
mod route;
mod unread;

pub use call::{Call, PublicCall};
pub use fields::{Fields, FromJson};
pub use json::Json;
pub use metrics::{Metrics, Watched};
pub use peer::{BadNetwork, TrustedProxies};
pub use pipeline::{Kit, Listener, envelope, mount};
pub use refusal::{Refusal, Transport};
pub use reply::{Cursor, created, no_content, ok, ok_secret, timestamp, with_allowance, with_retry_after};
pub use route::{Access, Answer, BodyRule, Dialect, Handler, Route};
