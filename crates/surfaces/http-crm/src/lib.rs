//! The CRM dialect: `/integration-credentials/` (docs/API.md).
//!
//! Each operation has a file with its route, its request, its handler and its answer. [`DIALECT`] is the
//! table of all routes. Clients of this dialect read their tokens back from it, so that every answer with a
//! credential is written as a secret, masked or not.

mod create;
mod delete;
mod get;
mod list;
mod object;
mod refuse;
mod request;
mod update;

use strongroom_domain::CredentialId;
use strongroom_http_kit::{Dialect, DialectDoc, FromJson, Parameter, Route};

/// The CRM dialect: its routes, and how it words refusals.
pub static DIALECT: Dialect = Dialect {
    prefixes: &[""],
    segments: &["integration-credentials"],
    routes: &ROUTES,
    refuse: refuse::refuse,
    doc: &DOC,
};

static ROUTES: [Route; 8] = [
    create::ROUTE,
    create::WITHOUT_SLASH,
    list::ROUTE,
    list::WITHOUT_SLASH,
    get::BY_PROVIDER,
    get::ROUTE,
    update::ROUTE,
    delete::ROUTE,
];

static DOC: DialectDoc = DialectDoc {
    tag: "CRM",
    description: "One credential for each CRM: a destination, a token and free metadata.",
    path_parameters: &[
        Parameter {
            name: "credential_id",
            description: "The id of a credential: a UUID, or `crd_` and 26 characters.",
            schema: CredentialId::schema,
        },
        Parameter {
            name: "provider",
            description: "The id of a CRM of the catalog, in any case.",
            schema: request::CrmName::schema,
        },
    ],
    wrong_shape: 400,
    error: |_| refuse::ERROR,
};
