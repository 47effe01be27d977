//! The credential object on this dialect's wire.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use strongroom_application::{CrmCredential, Failure};
use strongroom_domain::crm::Metadata;
use strongroom_http_kit::{Parameter, Schema, ok_secret, timestamp, with_etag};

/// The object in the OpenAPI document.
pub(crate) const CREDENTIAL: Schema = Schema { name: "CrmCredential", json: schema };

/// The header that a single credential has.
pub(crate) const ETAG: Parameter = Parameter {
    name: "ETag",
    description: "The credential's revision, for `If-Match`.",
    schema: || json!({ "type": "string", "pattern": "^\"[0-9]+\"$" }),
};

/// A credential as this dialect shows it. Whether it is masked was decided before.
#[derive(Serialize)]
pub(crate) struct Object<'a> {
    id: String,
    org_id: &'a str,
    provider: &'a str,
    dsn: &'a str,
    access_token: &'a str,
    metadata: Exposed<'a>,
    created_at: String,
    updated_at: String,
}

impl<'a> From<&'a CrmCredential> for Object<'a> {
    fn from(shown: &'a CrmCredential) -> Self {
        let (credential, content) = (&shown.credential, &shown.content);
        Self {
            id: credential.id.to_string(),
            org_id: credential.organization.as_str(),
            provider: credential.provider.as_str(),
            dsn: content.dsn.expose(),
            access_token: content.access_token.expose(),
            metadata: Exposed(&content.metadata),
            created_at: timestamp(credential.created_at),
            updated_at: timestamp(credential.updated_at),
        }
    }
}

impl Object<'_> {
    /// An upper bound of its length as text, in bytes: JSON writes a byte with at most six.
    pub(crate) fn size_hint(&self) -> usize {
        let metadata: usize =
            self.metadata.0.iter().map(|(name, value)| name.len() * 6 + 4 + value.size()).sum();
        1_024 + (self.org_id.len() + self.dsn.len() + self.access_token.len()) * 6 + metadata
    }
}

/// Metadata on their way to a writer.
struct Exposed<'a>(&'a Metadata);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value.expose())))
    }
}

/// One credential and its tag.
pub(crate) fn shown(status: StatusCode, credential: &CrmCredential) -> Result<HttpResponse, Failure> {
    let object = Object::from(credential);
    let response = ok_secret(status, &object, object.size_hint())?;
    Ok(with_etag(response, credential.credential.revision))
}

fn schema() -> Value {
    let time = json!({ "type": "string", "format": "date-time" });
    json!({
        "type": "object",
        "description": "In the clear for a service account with `secrets:read`; for everybody else `********` stands for every secret.",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "org_id": { "type": "string" },
            "provider": { "type": "string", "pattern": "^[a-z0-9_]{1,64}$" },
            "dsn": { "type": "string" },
            "access_token": { "type": "string" },
            "metadata": { "type": "object", "additionalProperties": true },
            "created_at": time,
            "updated_at": time,
        },
        "required": ["id", "org_id", "provider", "dsn", "access_token", "metadata", "created_at", "updated_at"],
        "additionalProperties": false,
    })
}
