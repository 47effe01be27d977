//! The metadata object of a credential on this dialect's wire.

use actix_web::HttpResponse;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use strongroom_domain::{ConfigValue, Credential, Issuer, OauthAppId, PublicConfig, StatusReason, timestamp};
use strongroom_http_kit::{Moment, Schema, ok, schema_of, with_etag};

use crate::schema::spelled;

pub(crate) const CREDENTIAL: Schema = Schema { name: "Credential", json: schema_of::<Metadata<'_>> };

/// A credential without its secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Metadata<'a> {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    name: &'a str,
    provider: &'a str,
    #[schemars(schema_with = "spelled::credential_kind")]
    credential_type: &'static str,
    #[schemars(schema_with = "spelled::credential_status")]
    status: &'static str,
    status_reason: Option<&'a str>,
    /// What a person can do about a `status_reason` of an OAuth grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<&'static str>,
    #[schemars(schema_with = "config")]
    config: Config<'a>,
    version: u64,
    revision: u64,
    slot: Option<&'a str>,
    user_id: Option<&'a str>,
    google_email: Option<&'a str>,
    /// The account that was granted, when the provider names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    /// The organisation's own OAuth app that the grant belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_app_id: Option<String>,
    #[schemars(with = "Option<Moment>")]
    expires_at: Option<String>,
    #[schemars(with = "Option<Moment>")]
    access_token_expires_at: Option<String>,
    #[schemars(with = "Option<Moment>")]
    last_tested_at: Option<String>,
    #[schemars(schema_with = "spelled::last_test_code")]
    last_test_code: Option<&'a str>,
    #[schemars(with = "Option<Moment>")]
    last_read_at: Option<String>,
    #[schemars(with = "Option<Moment>")]
    refreshed_at: Option<String>,
    #[schemars(with = "Moment")]
    created_at: String,
    #[schemars(with = "Moment")]
    updated_at: String,
    created_by: &'a str,
    /// The issuer of the creator's token; null for API keys, commands and what earlier builds have stored.
    issuer: Option<&'a str>,
    modified_by: &'a str,
}

impl<'a> From<&'a Credential> for Metadata<'a> {
    fn from(credential: &'a Credential) -> Self {
        Self {
            id: credential.id.to_string(),
            name: credential.name.as_str(),
            provider: credential.provider.as_str(),
            credential_type: credential.credential_type.as_str(),
            status: credential.status.as_str(),
            status_reason: credential.status_reason.as_ref().map(StatusReason::as_str),
            next_step: next_step(credential),
            config: Config(&credential.config),
            version: credential.version,
            revision: credential.revision,
            slot: credential.slot.as_ref().map(strongroom_domain::Slot::as_str),
            user_id: credential.user_id.as_ref().map(strongroom_domain::UserId::as_str),
            google_email: credential.google_email.as_deref(),
            account: credential
                .account
                .as_ref()
                .map(|account| account.name.as_ref().unwrap_or(&account.id).as_str()),
            oauth_app_id: credential.oauth_app.and_then(OauthAppId::own).map(|app| app.to_string()),
            expires_at: credential.ends_at().map(timestamp::format),
            access_token_expires_at: credential.access_token_expires_at.map(timestamp::format),
            last_tested_at: credential.last_tested_at.map(timestamp::format),
            last_test_code: credential.last_test_code.map(strongroom_domain::TestCode::as_str),
            last_read_at: credential.last_read_at.map(timestamp::format),
            refreshed_at: credential.refreshed_at.map(timestamp::format),
            created_at: timestamp::format(credential.created_at),
            updated_at: timestamp::format(credential.updated_at),
            created_by: &credential.created_by,
            issuer: credential.issuer.as_ref().map(Issuer::as_str),
            modified_by: &credential.modified_by,
        }
    }
}

fn next_step(credential: &Credential) -> Option<&'static str> {
    Some(credential.status_reason.as_ref()?.problem()?.next_step())
}

/// The public fields as a JSON object.
struct Config<'a>(&'a PublicConfig);

impl Serialize for Config<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, PublicValue(value))))
    }
}

fn config(_: &mut SchemaGenerator) -> schemars::Schema {
    let schema = json!({ "type": "object", "additionalProperties": public_value() });
    schemars::Schema::try_from(schema).unwrap_or_default()
}

/// The schema of a public value.
pub(crate) fn public_value() -> Value {
    json!({ "type": ["string", "integer", "boolean", "array"], "items": { "type": "string" } })
}

/// One public value as JSON.
pub(crate) struct PublicValue<'a>(pub(crate) &'a ConfigValue);

impl Serialize for PublicValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ConfigValue::Text(text) => serializer.serialize_str(text),
            ConfigValue::Integer(number) => serializer.serialize_i64(*number),
            ConfigValue::Boolean(truth) => serializer.serialize_bool(*truth),
            ConfigValue::List(items) => items.serialize(serializer),
        }
    }
}

/// An answer of 200 with one credential and its entity tag.
pub(crate) fn shown(credential: &Credential) -> HttpResponse {
    with_etag(ok(&Metadata::from(credential)), credential.revision)
}
