//! The parameters and headers of this dialect that more than one operation has.

pub(crate) mod spelled;

use serde_json::{Value, json};
use strongroom_domain::{ApiKeyId, CredentialId, OauthAppId, ServiceAccountId, Slot};
use strongroom_http_kit::{FromJson, Parameter, ProviderName, extended, form};

const fn parameter(name: &'static str, description: &'static str, schema: fn() -> Value) -> Parameter {
    Parameter { name, description, schema }
}

/// The parameters that this dialect's paths have.
pub(crate) const PATH_PARAMETERS: [Parameter; 6] = [
    parameter(
        "credential_id",
        "The id of a credential: a UUID, or `crd_` and 26 characters.",
        CredentialId::schema,
    ),
    parameter("provider", "The id of a provider of the catalog, in any case.", provider),
    parameter("slot", "The name of a slot.", Slot::schema),
    parameter("service_account_id", "The id of a service account.", || form(ServiceAccountId::FORM)),
    parameter("app_id", "The id of an OAuth app.", || form(OauthAppId::FORM)),
    parameter("key_id", "The id of an API key.", || form(ApiKeyId::FORM)),
];

fn provider() -> Value {
    extended(ProviderName::schema(), json!({ "examples": ["sftp", "postgresql"] }))
}

/// The header with the version that the caller has seen.
pub(crate) const IF_NONE_MATCH: Parameter = parameter(
    "If-None-Match",
    "The `ETag` of an earlier answer; the answer is 304 while it is the present one.",
    || json!({ "type": "string" }),
);

/// The header with the way to the next page.
pub(crate) const LINK: Parameter = parameter(
    "Link",
    "The address of the next page with `rel=\"next\"`, when there is one.",
    || json!({ "type": "string" }),
);
