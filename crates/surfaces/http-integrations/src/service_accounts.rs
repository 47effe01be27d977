//! Operations on service accounts and their API keys.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod create_key;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod list_keys;
pub(crate) mod revoke_key;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::Failure;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{
    CredentialId, Issuer, Json, ProviderId, Rule, Scope, ScopeSet, ServiceAccount, ServiceAccountId,
    timestamp,
};
use strongroom_http_kit::{Call, Fault, FromJson, Moment, Schema, one_of, schema_of};

use crate::schema::spelled;

const SERVICE_ACCOUNT: Schema = Schema { name: "ServiceAccount", json: schema_of::<Account<'_>> };
const API_KEY: Schema = Schema { name: "ApiKey", json: schema_of::<Key<'_>> };

/// A service account.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Account<'a> {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    name: &'a str,
    description: Option<&'a str>,
    #[schemars(schema_with = "spelled::scopes")]
    scopes: Vec<&'static str>,
    providers: Option<Vec<&'a str>>,
    credential_ids: Option<Vec<String>>,
    #[schemars(schema_with = "spelled::account_status")]
    status: &'static str,
    #[schemars(with = "Moment")]
    created_at: String,
    #[schemars(with = "Moment")]
    updated_at: String,
    created_by: &'a str,
    /// The issuer of the creator's token; null for API keys, commands and what earlier builds have stored.
    issuer: Option<&'a str>,
}

impl<'a> From<&'a ServiceAccount> for Account<'a> {
    fn from(account: &'a ServiceAccount) -> Self {
        let reach = &account.reach;
        Self {
            id: account.id.to_string(),
            name: account.name.as_str(),
            description: account.description.as_deref(),
            scopes: account.scopes.iter().map(|scope| scope.as_str()).collect(),
            providers: reach.providers.as_ref().map(|ids| ids.iter().map(ProviderId::as_str).collect()),
            credential_ids: reach
                .credentials
                .as_ref()
                .map(|ids| ids.iter().map(CredentialId::to_string).collect()),
            status: account.status.as_str(),
            created_at: timestamp::format(account.created_at),
            updated_at: timestamp::format(account.updated_at),
            created_by: &account.created_by,
            issuer: account.issuer.as_ref().map(Issuer::as_str),
        }
    }
}

/// An API key without its token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Key<'a> {
    id: &'a str,
    #[schemars(extend("format" = "uuid"))]
    service_account_id: String,
    name: &'a str,
    #[schemars(with = "Option<Moment>")]
    expires_at: Option<String>,
    #[schemars(with = "Option<Moment>")]
    last_used_at: Option<String>,
    #[schemars(with = "Moment")]
    created_at: String,
    created_by: &'a str,
    /// The issuer of the creator's token; null for API keys, commands and what earlier builds have stored.
    issuer: Option<&'a str>,
}

impl<'a> From<&'a ApiKey> for Key<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self {
            id: key.id.as_str(),
            service_account_id: key.service_account.to_string(),
            name: key.name.as_str(),
            expires_at: key.expires_at.map(timestamp::format),
            last_used_at: key.last_used_at.map(timestamp::format),
            created_at: timestamp::format(key.created_at),
            created_by: &key.created_by,
            issuer: key.issuer.as_ref().map(Issuer::as_str),
        }
    }
}

fn account_id<O>(call: &Call<O>) -> Result<ServiceAccountId, Failure> {
    call.path_id("service_account_id", ServiceAccountId::parse)
}

/// What an account is for.
struct Description(String);

impl FromJson for Description {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let text = String::from_json(json)?;
        match text.chars().count() {
            0..=1_000 if !text.chars().any(|c| c.is_control() && c != '\n') => Ok(Self(text)),
            _ => Err(Rule::fixed("must be at most 1000 characters without control characters").into()),
        }
    }

    fn schema() -> Value {
        let printable = r"^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$";
        json!({ "type": "string", "maxLength": 1_000, "pattern": printable })
    }
}

/// At least one scope: an account without any could do nothing.
struct Scopes(ScopeSet);

impl FromJson for Scopes {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let scopes = Vec::<String>::from_json(json)?;
        let scopes: ScopeSet = scopes.iter().map(|text| Scope::parse(text)).collect::<Result<_, _>>()?;
        match scopes.is_empty() {
            true => Err(Rule::fixed("must name at least one scope").into()),
            false => Ok(Self(scopes)),
        }
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": one_of(Scope::ALL.map(Scope::as_str)), "minItems": 1 })
    }
}
