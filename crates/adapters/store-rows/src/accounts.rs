use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::service_account::{AccountName, ApiKey};
use strongroom_domain::{
    ApiKeyId, CredentialId, Issuer, ProviderId, PurposeKeyId, Reach, Scope, ScopeSet, ServiceAccount,
    ServiceAccountId, ServiceAccountStatus,
};
use strongroom_repository::KeyHolder;

use crate::schema::{api_keys, service_accounts};
use crate::{BadColumn, IdList, Micros, RowId, RowName, Stored, TextList};

/// A service account.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_accounts, check_for_backend(Pg, Sqlite))]
pub struct AccountRow {
    org_id: String,
    id: RowId,
    created_at: Micros,
    created_by: String,
    issuer: Option<String>,
    #[diesel(embed)]
    changes: AccountChanges,
}

/// The columns that a replacement may change.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = service_accounts, treat_none_as_null = true, check_for_backend(Pg, Sqlite))]
pub struct AccountChanges {
    name: String,
    description: Option<String>,
    /// All scopes but [`Scope::RefreshTokensRead`], which an earlier build does not know.
    scopes: TextList,
    /// Whether it has [`Scope::RefreshTokensRead`]: one of the constants of [`Self`].
    refresh_tokens: i16,
    providers: Option<TextList>,
    credential_ids: Option<IdList>,
    status: String,
    updated_at: Micros,
}

/// An API key.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, check_for_backend(Pg, Sqlite))]
pub struct KeyRow {
    org_id: String,
    key_id: String,
    service_account_id: RowId,
    name: String,
    digest: Vec<u8>,
    digest_key: RowId,
    expires_at: Option<Micros>,
    last_used_at: Option<Micros>,
    created_at: Micros,
    created_by: String,
    issuer: Option<String>,
}

impl AccountRow {
    /// The row of a new account.
    pub fn of(account: &ServiceAccount) -> Self {
        Self {
            org_id: account.organization.as_str().to_owned(),
            id: RowId(account.id.0),
            created_at: account.created_at.into(),
            created_by: account.created_by.clone(),
            issuer: account.issuer.as_ref().map(String::from),
            changes: AccountChanges::of(account),
        }
    }
}

impl AccountChanges {
    /// An account that may read refresh tokens.
    pub const READS_REFRESH_TOKENS: i16 = 1;
    /// An account that may read refresh tokens since a migration, whose event is still to be written.
    pub const READS_REFRESH_TOKENS_UNANNOUNCED: i16 = 2;

    /// The columns that a replacement by this account changes.
    pub fn of(account: &ServiceAccount) -> Self {
        let Reach { providers, credentials } = &account.reach;
        Self {
            name: account.name.as_str().to_owned(),
            description: account.description.clone(),
            scopes: account
                .scopes
                .iter()
                .filter(|scope| **scope != Scope::RefreshTokensRead)
                .map(|scope| scope.as_str())
                .collect(),
            refresh_tokens: match account.scopes.contains(&Scope::RefreshTokensRead) {
                true => Self::READS_REFRESH_TOKENS,
                false => 0,
            },
            providers: providers.as_ref().map(|ids| ids.iter().map(ProviderId::as_str).collect()),
            credential_ids: credentials.as_ref().map(|ids| ids.iter().map(|id| id.0).collect()),
            status: account.status.as_str().to_owned(),
            updated_at: account.updated_at.into(),
        }
    }
}

impl KeyRow {
    /// The row of a new key.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            org_id: key.organization.as_str().to_owned(),
            key_id: key.id.as_str().to_owned(),
            service_account_id: RowId(key.service_account.0),
            name: key.name.as_str().to_owned(),
            digest: key.digest.to_vec(),
            digest_key: RowId(key.digest_key.0),
            expires_at: key.expires_at.map(Micros::from),
            last_used_at: key.last_used_at.map(Micros::from),
            created_at: key.created_at.into(),
            created_by: key.created_by.clone(),
            issuer: key.issuer.as_ref().map(String::from),
        }
    }
}

impl Stored for AccountRow {
    type Value = ServiceAccount;

    fn read(self) -> Result<ServiceAccount, BadColumn> {
        let row = RowName { table: "service_accounts", organization: &self.org_id, id: &self.id };
        let changes = self.changes;
        let mut scopes: ScopeSet = row.list("scopes", changes.scopes.0, |scope| Scope::parse(scope))?;
        if changes.refresh_tokens > 0 {
            scopes.insert(Scope::RefreshTokensRead);
        }
        let providers = changes.providers.map(|ids| row.list("providers", ids.0, |id| ProviderId::parse(id)));
        let credentials =
            changes.credential_ids.map(|ids| row.list("credential_ids", ids.0, |id| Ok(CredentialId(*id))));
        Ok(ServiceAccount {
            organization: row.organization()?,
            id: ServiceAccountId(self.id.0),
            name: row.column("name", AccountName::parse(&changes.name))?,
            description: changes.description,
            scopes,
            reach: Reach { providers: providers.transpose()?, credentials: credentials.transpose()? },
            status: row.column("status", ServiceAccountStatus::parse(&changes.status))?,
            created_at: row.time("created_at", self.created_at)?,
            updated_at: row.time("updated_at", changes.updated_at)?,
            created_by: self.created_by,
            issuer: self.issuer.map(Issuer::from_stored),
        })
    }
}

impl Stored for KeyRow {
    type Value = ApiKey;

    fn read(self) -> Result<ApiKey, BadColumn> {
        let row = RowName { table: "api_keys", organization: &self.org_id, id: &self.key_id };
        Ok(ApiKey {
            organization: row.organization()?,
            service_account: ServiceAccountId(self.service_account_id.0),
            id: row.column("key_id", ApiKeyId::parse(&self.key_id))?,
            name: row.column("name", AccountName::parse(&self.name))?,
            digest: row.bytes("digest", self.digest)?,
            digest_key: PurposeKeyId(self.digest_key.0),
            expires_at: row.optional_time("expires_at", self.expires_at)?,
            last_used_at: row.optional_time("last_used_at", self.last_used_at)?,
            created_at: row.time("created_at", self.created_at)?,
            created_by: self.created_by,
            issuer: self.issuer.map(Issuer::from_stored),
        })
    }
}

/// A key with its account.
impl Stored for (KeyRow, AccountRow) {
    type Value = KeyHolder;

    fn read(self) -> Result<KeyHolder, BadColumn> {
        Ok(KeyHolder { key: self.0.read()?, account: self.1.read()? })
    }
}
