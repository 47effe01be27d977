//! The parts of this dialect's schemas that more than one operation has.

pub(crate) mod spelled;

use serde_json::{Value, json};
use strongroom_domain::{Action, CredentialType, ServiceAccountStatus};
use strongroom_http_kit::{Parameter, credential_id_schema, one_of, provider_schema};

/// How a credential authenticates.
pub(crate) fn credential_type() -> Value {
    one_of(CredentialType::ALL.map(CredentialType::as_str))
}

/// Whether a service account's keys work.
pub(crate) fn account_status() -> Value {
    one_of([ServiceAccountStatus::Active, ServiceAccountStatus::Inactive].map(ServiceAccountStatus::as_str))
}

/// What can be on record.
pub(crate) fn action() -> Value {
    one_of(Action::ALL.iter().map(|action| action.as_str()))
}

/// A time; between the years 1970 and 9998.
pub(crate) fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// A text that may be a secret.
pub(crate) fn secret() -> Value {
    json!({ "type": "string", "maxLength": 32_768 })
}

/// A port, as number or text.
pub(crate) fn port() -> Value {
    json!({ "type": ["integer", "string", "null"], "minimum": 1, "maximum": 65_535, "pattern": "^[0-9]+$" })
}

/// A provider's id, in any case.
pub(crate) fn provider() -> Value {
    provider_schema(&["sftp", "postgresql"])
}

/// A slot's name.
pub(crate) fn slot() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" })
}

fn cursor() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" })
}

const fn parameter(name: &'static str, description: &'static str, schema: fn() -> Value) -> Parameter {
    Parameter { name, description, schema }
}

/// The parameters that this dialect's paths have.
pub(crate) const PATH_PARAMETERS: [Parameter; 6] = [
    parameter(
        "credential_id",
        "A credential's id: a UUID, or `crd_` and 26 characters.",
        credential_id_schema,
    ),
    parameter("provider", "A provider of the catalog, in any case.", provider),
    parameter("slot", "The name of a slot.", slot),
    parameter(
        "service_account_id",
        "A service account's id.",
        || json!({ "type": "string", "format": "uuid" }),
    ),
    parameter("app_id", "The id of an OAuth app.", || json!({ "type": "string", "format": "uuid" })),
    parameter("key_id", "An API key's id.", || json!({ "type": "string", "pattern": "^[a-z2-7]{16}$" })),
];

/// How many items a page has at most.
pub(crate) const LIMIT: Parameter = parameter(
    "limit",
    "The most items to answer.",
    || json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 }),
);

/// Where a list goes on.
pub(crate) const CURSOR: Parameter = parameter("cursor", "Where to go on, from an earlier answer.", cursor);

/// Whether to test before storing.
pub(crate) const TEST: Parameter = parameter(
    "test",
    "Whether to test the credential at its provider before it is stored.",
    || json!({ "type": "boolean", "default": false }),
);

/// How much life a token must have.
pub(crate) const MIN_VALIDITY: Parameter = parameter(
    "min_validity",
    "How many seconds an access token must still live; it is refreshed when it has less, as long as a fresh one can have that.",
    || json!({ "type": "integer", "minimum": 0, "maximum": 86_400 }),
);

/// The version that the caller has.
pub(crate) const IF_NONE_MATCH: Parameter =
    parameter("If-None-Match", "Answer 304 when this is the present `ETag`.", || json!({ "type": "string" }));

/// Where a list goes on.
pub(crate) const LINK: Parameter = parameter(
    "Link",
    "The next page with `rel=\"next\"`, when there is one.",
    || json!({ "type": "string" }),
);
