use diesel::prelude::*;
use strongroom_domain::service_account::{AccountName, ApiKey};
use strongroom_domain::{
    ApiKeyId, CredentialId, ProviderId, PurposeKeyId, Reach, Scope, ServiceAccount, ServiceAccountId,
    ServiceAccountStatus,
};
use strongroom_repository::StoreResult;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bad_row::RowName;
use crate::schema::{api_keys, service_accounts};

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_accounts)]
pub(crate) struct AccountRow {
    org_id: String,
    id: Uuid,
    name: String,
    description: Option<String>,
    scopes: Vec<String>,
    providers: Option<Vec<String>>,
    credential_ids: Option<Vec<Uuid>>,
    status: String,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    created_by: String,
}

#[derive(Insertable)]
#[diesel(table_name = service_accounts)]
pub(crate) struct NewAccount<'a> {
    org_id: &'a str,
    id: Uuid,
    created_at: OffsetDateTime,
    created_by: &'a str,
    #[diesel(embed)]
    changeable: AccountChanges<'a>,
}

/// What `replace` may change.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = service_accounts, treat_none_as_null = true)]
pub(crate) struct AccountChanges<'a> {
    name: &'a str,
    description: Option<&'a str>,
    scopes: Vec<&'a str>,
    providers: Option<Vec<&'a str>>,
    credential_ids: Option<Vec<Uuid>>,
    status: &'a str,
    updated_at: OffsetDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub(crate) struct KeyRow {
    org_id: String,
    key_id: String,
    service_account_id: Uuid,
    name: String,
    digest: Vec<u8>,
    digest_key: Uuid,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    created_by: String,
}

#[derive(Insertable)]
#[diesel(table_name = api_keys)]
pub(crate) struct NewKey<'k> {
    org_id: &'k str,
    key_id: &'k str,
    service_account_id: Uuid,
    name: &'k str,
    digest: &'k [u8],
    digest_key: Uuid,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    created_by: &'k str,
}

impl<'a> NewAccount<'a> {
    pub(crate) fn of(account: &'a ServiceAccount) -> Self {
        Self {
            org_id: account.organization.as_str(),
            id: account.id.0,
            created_at: account.created_at,
            created_by: &account.created_by,
            changeable: AccountChanges::of(account),
        }
    }
}

impl<'a> AccountChanges<'a> {
    pub(crate) fn of(account: &'a ServiceAccount) -> Self {
        let Reach { providers, credentials } = &account.reach;
        Self {
            name: account.name.as_str(),
            description: account.description.as_deref(),
            scopes: account.scopes.iter().map(|scope| scope.as_str()).collect(),
            providers: providers.as_ref().map(|ids| ids.iter().map(ProviderId::as_str).collect()),
            credential_ids: credentials.as_ref().map(|ids| ids.iter().map(|id| id.0).collect()),
            status: account.status.as_str(),
            updated_at: account.updated_at,
        }
    }
}

impl<'k> NewKey<'k> {
    pub(crate) fn of(key: &'k ApiKey) -> Self {
        Self {
            org_id: key.organization.as_str(),
            key_id: key.id.as_str(),
            service_account_id: key.service_account.0,
            name: key.name.as_str(),
            digest: &key.digest,
            digest_key: key.digest_key.0,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            created_by: &key.created_by,
        }
    }
}

impl AccountRow {
    pub(crate) fn read(self) -> StoreResult<ServiceAccount> {
        let row = RowName { table: "service_accounts", organization: &self.org_id, id: &self.id };
        let scopes = self.scopes.iter().map(|scope| Scope::parse(scope)).collect();
        let providers = self.providers.map(|ids| ids.iter().map(|id| ProviderId::parse(id)).collect());
        Ok(ServiceAccount {
            organization: row.organization()?,
            id: ServiceAccountId(self.id),
            name: row.column("name", AccountName::parse(&self.name))?,
            description: self.description,
            scopes: row.column("scopes", scopes)?,
            reach: Reach {
                providers: row.column("providers", providers.transpose())?,
                credentials: self.credential_ids.map(|ids| ids.into_iter().map(CredentialId).collect()),
            },
            status: row.column("status", ServiceAccountStatus::parse(&self.status))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            created_by: self.created_by,
        })
    }
}

impl KeyRow {
    pub(crate) fn read(self) -> StoreResult<ApiKey> {
        let row = RowName { table: "api_keys", organization: &self.org_id, id: &self.key_id };
        Ok(ApiKey {
            organization: row.organization()?,
            service_account: ServiceAccountId(self.service_account_id),
            id: row.column("key_id", ApiKeyId::parse(&self.key_id))?,
            name: row.column("name", AccountName::parse(&self.name))?,
            digest: row.bytes("digest", self.digest)?,
            digest_key: PurposeKeyId(self.digest_key),
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            created_at: self.created_at,
            created_by: self.created_by,
        })
    }
}
