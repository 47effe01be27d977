//! The primary HTTP dialect: `/integrations/…`, `/service-accounts…`, health, metrics and the documentation
//! of all dialects (docs/API.md).
//!
//! Each operation has a file with its route, its request, its handler and its answer. [`DIALECT`] is the
//! table of all routes.

mod audit;
mod catalog;
mod connection_tests;
mod credentials;
mod docs;
mod health;
mod metadata;
mod oauth;
mod openapi;
mod refuse;
mod schema;
mod service_accounts;
mod test_report;

pub use openapi::documentation;
use strongroom_http_kit::{Dialect, DialectDoc, Route};

/// The primary dialect: its routes, and how it words refusals.
pub static DIALECT: Dialect = Dialect {
    prefixes: &["", "/api"],
    segments: &["integrations", "service-accounts", "health", "metrics", "openapi.json", "docs"],
    routes: &ROUTES,
    refuse: refuse::refuse,
    doc: &DialectDoc {
        tag: "Integrations",
        description: "Credentials of every kind, their tests, service accounts and the audit trail.",
        path_parameters: &schema::PATH_PARAMETERS,
        wrong_shape: 422,
        error: refuse::schema,
    },
};

static ROUTES: [Route; 43] = [
    credentials::create::ROUTE,
    credentials::list::ROUTE,
    credentials::list::BY_PROVIDER,
    credentials::read_many::ROUTE,
    credentials::read_secret::ROUTE,
    credentials::read_secret::ALIAS,
    credentials::read_secret::BY_SLOT,
    credentials::get::ROUTE,
    credentials::update::ROUTE,
    credentials::delete::ROUTE,
    oauth::refresh::ROUTE,
    oauth::complete::ROUTE,
    oauth::apps::CREATE,
    oauth::apps::LIST,
    oauth::apps::GET,
    oauth::apps::UPDATE,
    oauth::apps::DELETE,
    oauth::authorize::ROUTE,
    oauth::callback::ROUTE,
    oauth::callback::OF_APP,
    oauth::callback::CONFIRM,
    oauth::callback::CONFIRM_OF_APP,
    connection_tests::stored::ROUTE,
    connection_tests::sftp::ROUTE,
    connection_tests::postgres::ROUTE,
    connection_tests::postgres::STORED,
    connection_tests::provider::ROUTE,
    catalog::ROUTE,
    audit::query::ROUTE,
    audit::verify::ROUTE,
    service_accounts::create::ROUTE,
    service_accounts::list::ROUTE,
    service_accounts::get::ROUTE,
    service_accounts::change::ROUTE,
    service_accounts::delete::ROUTE,
    service_accounts::create_key::ROUTE,
    service_accounts::list_keys::ROUTE,
    service_accounts::revoke_key::ROUTE,
    health::LIVE,
    health::READY,
    health::METRICS,
    openapi::ROUTE,
    docs::ROUTE,
];
