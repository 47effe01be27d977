//! The connect dialect: `/v1/integrations…`, camelCase on the wire (docs/API.md).
//!
//! Each operation has a file with its route, its documentation, its request, its handler and its answer.
//! [`DIALECT`] is the table of all routes.

mod catalog;
mod connect;
mod disconnect;
mod list;
mod refuse;
mod schema;
mod store;

use strongroom_http_kit::{Dialect, DialectDoc, Parameter, Route};

/// The connect dialect: its routes, and how it words refusals.
pub static DIALECT: Dialect =
    Dialect { prefixes: &[""], segments: &["v1"], routes: &ROUTES, refuse: refuse::refuse, doc: &DOC };

static ROUTES: [Route; 5] = [store::ROUTE, connect::ROUTE, disconnect::ROUTE, list::ROUTE, catalog::ROUTE];

static DOC: DialectDoc = DialectDoc {
    tag: "connect",
    description: "Stores API credentials of providers and switches connections on and off; one connection for each provider at most.",
    path_parameters: &[Parameter {
        name: "provider",
        description: "The provider's id in the catalog, in any case.",
        schema: schema::provider_in_any_case,
    }],
    wrong_shape: 400,
    error: |_| refuse::ERROR,
};
