//! JSON Schemas (draft 2020-12) of the texts that this dialect reads and writes.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use strongroom_domain::IntegrationStatus;
use strongroom_domain::integration::{ConnectAuthType, ConnectCategory};
use strongroom_http_kit::one_of;

/// The pattern of a credential's id in either spelling, as requests may give it.
pub(crate) const ANY_CREDENTIAL_ID: &str = concat!(
    "^(crd_[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}",
    "|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$"
);

/// A provider's id, as requests may spell it.
pub(crate) fn provider_in_any_case() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9_]{1,64}$", "examples": ["datadog"] })
}

/// How a connection is.
pub(crate) fn status() -> Value {
    one_of(IntegrationStatus::ALL.map(IntegrationStatus::as_str))
}

/// What a provider is.
pub(crate) fn category() -> Value {
    one_of(ConnectCategory::ALL.map(ConnectCategory::as_str))
}

// What follows describes single fields of answers, as `#[schemars(schema_with = …)]` wants it.

pub(crate) fn provider(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[a-z0-9_]{1,64}$" })
}

pub(crate) fn credential_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^crd_[0-7][0-9A-HJKMNP-TV-Z]{25}$" })
}

pub(crate) fn integration_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^int_[0-7][0-9A-HJKMNP-TV-Z]{25}$" })
}

pub(crate) fn stored_status(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["validated", "unverified"] })
}

pub(crate) fn connected_status(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": IntegrationStatus::Connected.as_str() })
}

pub(crate) fn any_status(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": IntegrationStatus::ALL.map(IntegrationStatus::as_str) })
}

pub(crate) fn any_category(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ConnectCategory::ALL.map(ConnectCategory::as_str) })
}

pub(crate) fn auth_type(_: &mut SchemaGenerator) -> Schema {
    let kinds = [ConnectAuthType::Oauth2, ConnectAuthType::ApiKey, ConnectAuthType::WebhookOnly];
    json_schema!({ "type": "string", "enum": kinds.map(ConnectAuthType::as_str) })
}
