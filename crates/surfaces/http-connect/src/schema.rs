//! JSON Schemas (draft 2020-12) of the texts that this dialect reads and writes.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use strongroom_domain::integration::{ConnectAuthType, ConnectCategory};
use strongroom_domain::{CredentialStatus, IntegrationStatus, ProviderId};
use strongroom_http_kit::{FromJson, ProviderName, extended, form, one_of, prefixed_id_schema};

/// The schema of a provider's id, in any case.
pub(crate) fn provider_in_any_case() -> Value {
    extended(ProviderName::schema(), json!({ "examples": ["datadog"] }))
}

// The functions below describe single fields of answers, in the form that `#[schemars(schema_with = …)]`
// takes.

fn written(value: Value) -> Schema {
    Schema::try_from(value).unwrap_or_default()
}

pub(crate) fn provider(_: &mut SchemaGenerator) -> Schema {
    written(form(ProviderId::SPELLING))
}

pub(crate) fn credential_id(_: &mut SchemaGenerator) -> Schema {
    written(prefixed_id_schema("crd_"))
}

pub(crate) fn integration_id(_: &mut SchemaGenerator) -> Schema {
    written(prefixed_id_schema("int_"))
}

pub(crate) fn stored_status(_: &mut SchemaGenerator) -> Schema {
    let stored = [CredentialStatus::Validated, CredentialStatus::Unverified];
    written(one_of(stored.map(CredentialStatus::as_str)))
}

pub(crate) fn connected_status(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": IntegrationStatus::Connected.as_str() })
}

pub(crate) fn any_status(_: &mut SchemaGenerator) -> Schema {
    written(IntegrationStatus::schema())
}

pub(crate) fn any_category(_: &mut SchemaGenerator) -> Schema {
    written(ConnectCategory::schema())
}

pub(crate) fn auth_type(_: &mut SchemaGenerator) -> Schema {
    written(one_of(ConnectAuthType::ALL.map(ConnectAuthType::as_str)))
}
