//! Operations on service accounts and their API keys.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod create_key;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod list_keys;
pub(crate) mod revoke_key;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_application::Failure;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{
    CredentialId, ProviderId, Rule, Scope, ScopeSet, ServiceAccount, ServiceAccountId, timestamp,
};
use strongroom_http_kit::{Call, Fields, Moment, Schema, credential_id_schema, one_of, schema_of};

use crate::schema::{self, spelled};

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
        }
    }
}

fn account_id<O>(call: &Call<O>) -> Result<ServiceAccountId, Failure> {
    call.path_id("service_account_id", ServiceAccountId::parse)
}

fn description(text: &str) -> Result<String, Rule> {
    match text.chars().count() {
        0..=1_000 if !text.chars().any(|c| c.is_control() && c != '\n') => Ok(text.to_owned()),
        _ => Err(Rule::fixed("must be at most 1000 characters without control characters")),
    }
}

/// Reads `scopes`; none at all is refused, because such an account could
/// do nothing.
fn scopes(body: &mut Fields) -> Option<ScopeSet> {
    let scopes: ScopeSet = body.parsed_list("scopes", Scope::parse)?.into_iter().collect();
    if scopes.is_empty() {
        body.broken("scopes", Rule::fixed("must name at least one scope"));
    }
    Some(scopes)
}

fn providers(body: &mut Fields, name: &str) -> Option<BTreeSet<ProviderId>> {
    Some(body.parsed_list(name, ProviderId::parse)?.into_iter().collect())
}

fn credential_ids(body: &mut Fields, name: &str) -> Option<BTreeSet<CredentialId>> {
    Some(body.parsed_list(name, CredentialId::parse)?.into_iter().collect())
}

fn description_schema() -> Value {
    json!({ "type": "string", "maxLength": 1_000 })
}

fn scopes_schema() -> Value {
    json!({ "type": "array", "items": one_of(Scope::ALL.map(Scope::as_str)), "minItems": 1 })
}

fn providers_schema() -> Value {
    json!({ "type": "array", "items": schema::provider() })
}

fn credential_ids_schema() -> Value {
    json!({ "type": "array", "items": credential_id_schema(), "maxItems": 500 })
}
