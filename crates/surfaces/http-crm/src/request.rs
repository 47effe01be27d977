//! The values that requests of this dialect have in common.

use serde_json::{Value, json};
use strongroom_application::{Failure, Missing};
use strongroom_domain::content::MAX_VALUE_BYTES;
use strongroom_domain::crm::Metadata;
use strongroom_domain::json::MAX_FIELDS;
use strongroom_domain::{CredentialId, Json, SecretText};
use strongroom_http_kit::{Call, Fault, FromJson, MisshapeKind, ProviderName, extended};

/// A text that holds something, and not the mask that stands for a secret.
pub(crate) struct ClearText(pub(crate) SecretText);

impl FromJson for ClearText {
    /// An empty text counts as missing. The use case checks that the text holds no mask.
    fn from_json(json: Json) -> Result<Self, Fault> {
        match SecretText::from_json(json)? {
            text if text.is_empty() => Err(Fault::Shape(MisshapeKind::Missing)),
            text => Ok(Self(text)),
        }
    }

    fn schema() -> Value {
        let mask = json!({ "pattern": "\\*{8}" });
        json!({ "type": "string", "minLength": 1, "maxLength": MAX_VALUE_BYTES, "not": mask })
    }
}

/// The id of a CRM, in any case.
pub(crate) struct CrmName(pub(crate) String);

impl FromJson for CrmName {
    /// An empty text counts as missing.
    fn from_json(json: Json) -> Result<Self, Fault> {
        ClearText::from_json(json).map(|text| Self(text.0.expose().to_owned()))
    }

    fn schema() -> Value {
        extended(ProviderName::schema(), json!({ "examples": ["hubspot"] }))
    }
}

/// Metadata, or a change of metadata, which may be any object.
pub(crate) struct Free(pub(crate) Metadata);

impl FromJson for Free {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match json {
            Json::Object(fields) => Ok(Self(fields.into_iter().collect())),
            _ => Err(Fault::not_a("object")),
        }
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "description": "At most 30 levels, 64 fields an object, 4,096 values in all and 256 KiB. No text in it may contain the mask, `********`.",
            "maxProperties": MAX_FIELDS,
            "additionalProperties": true,
        })
    }
}

/// The credential that a path names. A text that is not an id names no credential.
pub(crate) fn credential_id<O>(call: &Call<O>) -> Result<CredentialId, Failure> {
    call.credential_id().map_err(|_| Failure::NotFound(Missing::Credential))
}
