//! What requests of this dialect have in common: their fields, ids and schemas.

use serde_json::{Value, json};
use strongroom_application::{Failure, Missing};
use strongroom_domain::crm::Metadata;
use strongroom_domain::{CredentialId, Json, SecretText};
use strongroom_http_kit::{Call, FromJson, MisshapeKind, provider_schema};

/// A text that says something; an empty one counts as missing.
pub(crate) struct Filled(pub(crate) SecretText);

impl FromJson for Filled {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match SecretText::from_json(json)? {
            text if text.is_empty() => Err(MisshapeKind::Missing),
            text => Ok(Self(text)),
        }
    }
}

/// A free object.
pub(crate) struct Free(pub(crate) Metadata);

impl FromJson for Free {
    fn from_json(json: Json) -> Result<Self, MisshapeKind> {
        match json {
            Json::Object(fields) => Ok(Self(fields.into_iter().collect())),
            _ => Err(MisshapeKind::WrongType("object")),
        }
    }
}

/// The credential that a path names. What is no id names none.
pub(crate) fn credential_id<O>(call: &Call<O>) -> Result<CredentialId, Failure> {
    call.credential_id().map_err(|_| Failure::NotFound(Missing::Credential))
}

/// A CRM, in any case.
pub(crate) fn provider() -> Value {
    provider_schema(&["hubspot"])
}

/// A text without the mask that stands for a secret.
pub(crate) fn text_schema() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 32_768, "not": { "pattern": "\\*{8}" } })
}

/// Free metadata, or their change.
pub(crate) fn metadata_schema() -> Value {
    json!({
        "type": ["object", "null"],
        "description": "At most 30 levels, 64 fields an object, 4,096 values in all and 256 KiB. No text in it may contain the mask, `********`.",
        "maxProperties": 64,
        "additionalProperties": true,
    })
}
