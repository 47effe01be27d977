use diesel::prelude::*;
use strongroom_domain::service_account::{AccountName, ApiKey};
use strongroom_domain::{
    ApiKeyId, CredentialId, ProviderId, PurposeKeyId, Reach, Scope, ServiceAccount, ServiceAccountId,
    ServiceAccountStatus,
};

use crate::columns::{Row, blob, json_array, micros};
use crate::failure::{BadColumn, RowKey};
use crate::schema::{api_keys, service_accounts};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = service_accounts)]
pub(super) struct AccountRow {
    org_id: String,
    id: Vec<u8>,
    name: String,
    description: Option<String>,
    scopes: String,
    providers: Option<String>,
    credential_ids: Option<String>,
    status: String,
    created_at: i64,
    updated_at: i64,
    created_by: String,
}

impl AccountRow {
    pub(super) fn of(account: &ServiceAccount) -> Self {
        let reach = &account.reach;
        let credential_ids = reach.credentials.as_ref().map(|ids| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            json_array(ids.iter().map(String::as_str))
        });
        Self {
            org_id: account.organization.as_str().to_owned(),
            id: blob(account.id.0),
            name: account.name.as_str().to_owned(),
            description: account.description.clone(),
            scopes: json_array(account.scopes.iter().map(|scope| scope.as_str())),
            providers: reach.providers.as_ref().map(|ids| json_array(ids.iter().map(ProviderId::as_str))),
            credential_ids,
            status: account.status.as_str().to_owned(),
            created_at: micros(account.created_at),
            updated_at: micros(account.updated_at),
            created_by: account.created_by.clone(),
        }
    }

    pub(super) fn into_account(self) -> Result<ServiceAccount, BadColumn> {
        let row = Row { table: "service_accounts", organization: &self.org_id, key: RowKey::Bytes(&self.id) };
        let providers =
            self.providers.map(|json| row.set("providers", &json, ProviderId::parse)).transpose()?;
        let credentials = self
            .credential_ids
            .map(|json| row.set("credential_ids", &json, CredentialId::parse))
            .transpose()?;
        Ok(ServiceAccount {
            organization: row.organization()?,
            id: ServiceAccountId(row.uuid("id", &self.id)?),
            name: row.read("name", AccountName::parse(&self.name))?,
            description: self.description,
            scopes: row.set("scopes", &self.scopes, Scope::parse)?,
            reach: Reach { providers, credentials },
            status: row.read("status", ServiceAccountStatus::parse(&self.status))?,
            created_at: row.time("created_at", self.created_at)?,
            updated_at: row.time("updated_at", self.updated_at)?,
            created_by: self.created_by,
        })
    }
}

/// What a replacement may change.
#[derive(AsChangeset)]
#[diesel(table_name = service_accounts, treat_none_as_null = true)]
pub(super) struct ChangedColumns {
    name: String,
    description: Option<String>,
    scopes: String,
    providers: Option<String>,
    credential_ids: Option<String>,
    status: String,
    updated_at: i64,
}

impl ChangedColumns {
    pub(super) fn of(changed: &ServiceAccount) -> Self {
        let row = AccountRow::of(changed);
        Self {
            name: row.name,
            description: row.description,
            scopes: row.scopes,
            providers: row.providers,
            credential_ids: row.credential_ids,
            status: row.status,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
pub(super) struct KeyRow {
    org_id: String,
    key_id: String,
    service_account_id: Vec<u8>,
    name: String,
    digest: Vec<u8>,
    digest_key: Vec<u8>,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    created_at: i64,
    created_by: String,
}

impl KeyRow {
    pub(super) fn of(key: &ApiKey) -> Self {
        Self {
            org_id: key.organization.as_str().to_owned(),
            key_id: key.id.as_str().to_owned(),
            service_account_id: blob(key.service_account.0),
            name: key.name.as_str().to_owned(),
            digest: key.digest.to_vec(),
            digest_key: blob(key.digest_key.0),
            expires_at: key.expires_at.map(micros),
            last_used_at: key.last_used_at.map(micros),
            created_at: micros(key.created_at),
            created_by: key.created_by.clone(),
        }
    }

    pub(super) fn into_key(self) -> Result<ApiKey, BadColumn> {
        let row = Row { table: "api_keys", organization: &self.org_id, key: RowKey::Text(&self.key_id) };
        Ok(ApiKey {
            organization: row.organization()?,
            service_account: ServiceAccountId(row.uuid("service_account_id", &self.service_account_id)?),
            id: row.read("key_id", ApiKeyId::parse(&self.key_id))?,
            name: row.read("name", AccountName::parse(&self.name))?,
            digest: row.bytes("digest", &self.digest)?,
            digest_key: PurposeKeyId(row.uuid("digest_key", &self.digest_key)?),
            expires_at: row.optional_time("expires_at", self.expires_at)?,
            last_used_at: row.optional_time("last_used_at", self.last_used_at)?,
            created_at: row.time("created_at", self.created_at)?,
            created_by: self.created_by,
        })
    }
}
