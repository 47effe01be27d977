//! The schemas of texts in answers that come from a closed set.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};
use strongroom_domain::{
    Action, CredentialStatus, CredentialType, Outcome, Scope, ServiceAccountStatus, TestCode,
};
use strongroom_http_kit::{FromJson, one_of, or_null};

fn schema(value: Value) -> Schema {
    Schema::try_from(value).unwrap_or_default()
}

pub(crate) fn credential_kind(_: &mut SchemaGenerator) -> Schema {
    schema(CredentialType::schema())
}

pub(crate) fn credential_kinds(_: &mut SchemaGenerator) -> Schema {
    schema(json!({ "type": "array", "items": CredentialType::schema() }))
}

pub(crate) fn credential_status(_: &mut SchemaGenerator) -> Schema {
    schema(CredentialStatus::schema())
}

pub(crate) fn test_code(_: &mut SchemaGenerator) -> Schema {
    schema(one_of(TestCode::ALL.map(TestCode::as_str)))
}

pub(crate) fn last_test_code(_: &mut SchemaGenerator) -> Schema {
    schema(or_null(one_of(TestCode::ALL.map(TestCode::as_str))))
}

pub(crate) fn scopes(_: &mut SchemaGenerator) -> Schema {
    schema(json!({ "type": "array", "items": one_of(Scope::ALL.map(Scope::as_str)) }))
}

pub(crate) fn account_status(_: &mut SchemaGenerator) -> Schema {
    schema(ServiceAccountStatus::schema())
}

pub(crate) fn action(_: &mut SchemaGenerator) -> Schema {
    schema(Action::schema())
}

pub(crate) fn outcome(_: &mut SchemaGenerator) -> Schema {
    schema(one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str())))
}
