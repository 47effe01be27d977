//! The credential object on this dialect's wire.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::CrmCredential;
use strongroom_domain::crm::ExposedMetadata;
use strongroom_domain::{ProviderId, timestamp};
use strongroom_http_kit::{Refusal, Schema, form, ok_secret, with_etag};

/// The schema of the object in the OpenAPI document.
pub(crate) const CREDENTIAL: Schema = Schema { name: "CrmCredential", json: schema };

/// A credential as this dialect shows it. The use case has decided whether it is masked.
#[derive(Serialize)]
pub(crate) struct Object<'a> {
    id: String,
    org_id: &'a str,
    provider: &'a str,
    dsn: &'a str,
    access_token: &'a str,
    metadata: ExposedMetadata<'a>,
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
            metadata: content.expose_metadata(),
            created_at: timestamp::format(credential.created_at),
            updated_at: timestamp::format(credential.updated_at),
        }
    }
}

/// An answer with one credential and its entity tag.
pub(crate) fn shown(status: StatusCode, credential: &CrmCredential) -> Result<HttpResponse, Refusal> {
    let response = ok_secret(status, &Object::from(credential))?;
    Ok(with_etag(response, credential.credential.revision))
}

fn schema() -> Value {
    let time = json!({ "type": "string", "format": "date-time" });
    json!({
        "type": "object",
        "description": "A service account with `secrets:read` gets the secrets in the clear; for everybody else `********` stands for each of them.",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "org_id": { "type": "string" },
            "provider": form(ProviderId::SPELLING),
            "dsn": { "type": "string" },
            "access_token": { "type": "string" },
            "metadata": { "type": "object", "additionalProperties": true },
            "created_at": time,
            "updated_at": time,
        },
        "required": ["id", "org_id", "provider", "dsn", "access_token", "metadata", "created_at", "updated_at"],
    })
}
