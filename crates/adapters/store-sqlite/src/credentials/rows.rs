use diesel::prelude::*;
use strongroom_domain::{
    Account, Credential, CredentialId, CredentialName, CredentialStatus, CredentialType, KekId, OauthAppId,
    ProviderId, PublicConfig, Sealed, Slot, TestCode, UserId,
};
use strongroom_repository::{SealedCredential, TestFinding};

use crate::columns::{Row, blob, integer, micros};
use crate::failure::{BadColumn, RowKey};
use crate::schema::credentials;

/// Everything but the payload.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials)]
pub(crate) struct CredentialRow {
    org_id: String,
    id: Vec<u8>,
    provider: String,
    credential_type: String,
    name: String,
    slot: Option<String>,
    status: String,
    status_reason: Option<String>,
    config: String,
    version: i64,
    revision: i64,
    user_id: Option<String>,
    google_email: Option<String>,
    expires_at: Option<i64>,
    access_token_expires_at: Option<i64>,
    last_tested_at: Option<i64>,
    last_test_code: Option<String>,
    last_read_at: Option<i64>,
    refreshed_at: Option<i64>,
    refresh_at: Option<i64>,
    oauth_app_id: Option<Vec<u8>>,
    account_id: Option<String>,
    account_name: Option<String>,
    created_at: i64,
    updated_at: i64,
    created_by: String,
    modified_by: String,
}

impl CredentialRow {
    pub(super) fn of(credential: &Credential) -> Self {
        Self {
            org_id: credential.organization.as_str().to_owned(),
            id: blob(credential.id.0),
            provider: credential.provider.as_str().to_owned(),
            credential_type: credential.credential_type.as_str().to_owned(),
            name: credential.name.as_str().to_owned(),
            slot: credential.slot.as_ref().map(|slot| slot.as_str().to_owned()),
            status: credential.status.as_str().to_owned(),
            status_reason: credential.status_reason.clone(),
            config: credential.config.to_canonical_json(),
            version: integer(credential.version),
            revision: integer(credential.revision),
            user_id: credential.user_id.as_ref().map(|user| user.as_str().to_owned()),
            google_email: credential.google_email.clone(),
            expires_at: credential.expires_at.map(micros),
            access_token_expires_at: credential.access_token_expires_at.map(micros),
            last_tested_at: credential.last_tested_at.map(micros),
            last_test_code: credential.last_test_code.as_ref().map(|code| code.as_str().to_owned()),
            last_read_at: credential.last_read_at.map(micros),
            refreshed_at: credential.refreshed_at.map(micros),
            refresh_at: credential.refresh_at.map(micros),
            oauth_app_id: credential.oauth_app.map(|app| blob(app.0)),
            account_id: credential.account.as_ref().map(|account| account.id.clone()),
            account_name: credential.account.as_ref().and_then(|account| account.name.clone()),
            created_at: micros(credential.created_at),
            updated_at: micros(credential.updated_at),
            created_by: credential.created_by.clone(),
            modified_by: credential.modified_by.clone(),
        }
    }

    pub(crate) fn into_credential(self) -> Result<Credential, BadColumn> {
        let row = Row { table: "credentials", organization: &self.org_id, key: RowKey::Bytes(&self.id) };
        let oauth_app = self.oauth_app_id.map(|id| row.uuid("oauth_app_id", &id)).transpose()?;
        let user_id = self.user_id.map(|user| row.read("user_id", UserId::parse(&user))).transpose()?;
        Ok(Credential {
            organization: row.organization()?,
            id: CredentialId(row.uuid("id", &self.id)?),
            provider: row.read("provider", ProviderId::parse(&self.provider))?,
            credential_type: row.read("credential_type", CredentialType::parse(&self.credential_type))?,
            name: row.read("name", CredentialName::parse(&self.name))?,
            slot: self.slot.map(Slot::from_stored),
            status: row.read("status", CredentialStatus::parse(&self.status))?,
            status_reason: self.status_reason,
            config: row.read("config", PublicConfig::from_canonical_json(&self.config))?,
            version: row.count("version", self.version)?,
            revision: row.count("revision", self.revision)?,
            user_id,
            google_email: self.google_email,
            expires_at: row.optional_time("expires_at", self.expires_at)?,
            access_token_expires_at: row
                .optional_time("access_token_expires_at", self.access_token_expires_at)?,
            last_tested_at: row.optional_time("last_tested_at", self.last_tested_at)?,
            last_test_code: row
                .read("last_test_code", self.last_test_code.as_deref().map(TestCode::parse).transpose())?,
            last_read_at: row.optional_time("last_read_at", self.last_read_at)?,
            refreshed_at: row.optional_time("refreshed_at", self.refreshed_at)?,
            refresh_at: row.optional_time("refresh_at", self.refresh_at)?,
            oauth_app: oauth_app.map(OauthAppId),
            account: self.account_id.map(|id| Account { id, name: self.account_name }),
            created_at: row.time("created_at", self.created_at)?,
            updated_at: row.time("updated_at", self.updated_at)?,
            created_by: self.created_by,
            modified_by: self.modified_by,
        })
    }
}

/// The payload.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = credentials)]
pub(crate) struct PayloadRow {
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
}

impl PayloadRow {
    pub(crate) fn of(sealed: &Sealed) -> Self {
        Self { kek_id: sealed.kek_id.0.to_vec(), envelope: sealed.envelope.clone() }
    }
}

/// Reads back a credential with its payload.
pub(super) fn sealed(
    (metadata, payload): (CredentialRow, PayloadRow),
) -> Result<SealedCredential, BadColumn> {
    let row = Row { table: "credentials", organization: &metadata.org_id, key: RowKey::Bytes(&metadata.id) };
    let kek_id = KekId(row.bytes("kek_id", &payload.kek_id)?);
    let sealed = Sealed { kek_id, envelope: payload.envelope };
    Ok(SealedCredential { credential: metadata.into_credential()?, sealed })
}

/// What a replacement may change; provider, slot, creator and reads are not among it.
#[derive(AsChangeset)]
#[diesel(table_name = credentials, treat_none_as_null = true)]
pub(crate) struct ChangedColumns {
    credential_type: String,
    name: String,
    status: String,
    status_reason: Option<String>,
    config: String,
    version: i64,
    revision: i64,
    google_email: Option<String>,
    expires_at: Option<i64>,
    access_token_expires_at: Option<i64>,
    last_tested_at: Option<i64>,
    last_test_code: Option<String>,
    refreshed_at: Option<i64>,
    refresh_at: Option<i64>,
    oauth_app_id: Option<Vec<u8>>,
    account_id: Option<String>,
    account_name: Option<String>,
    updated_at: i64,
    modified_by: String,
}

impl ChangedColumns {
    pub(crate) fn of(changed: &Credential) -> Self {
        let row = CredentialRow::of(changed);
        Self {
            credential_type: row.credential_type,
            name: row.name,
            status: row.status,
            status_reason: row.status_reason,
            config: row.config,
            version: row.version,
            revision: row.revision,
            google_email: row.google_email,
            expires_at: row.expires_at,
            access_token_expires_at: row.access_token_expires_at,
            last_tested_at: row.last_tested_at,
            last_test_code: row.last_test_code,
            refreshed_at: row.refreshed_at,
            refresh_at: row.refresh_at,
            oauth_app_id: row.oauth_app_id,
            account_id: row.account_id,
            account_name: row.account_name,
            updated_at: row.updated_at,
            modified_by: row.modified_by,
        }
    }
}

/// What a connection test changes.
#[derive(AsChangeset)]
#[diesel(table_name = credentials)]
pub(super) struct TestedColumns {
    last_tested_at: i64,
    last_test_code: &'static str,
    /// `None` leaves the column alone, and so does the outer one of the reason.
    status: Option<&'static str>,
    status_reason: Option<Option<String>>,
}

impl TestedColumns {
    /// The same for a credential whose status is not the test's to change.
    pub(super) fn without_status(&self) -> Self {
        Self { status: None, status_reason: None, ..*self }
    }

    pub(super) fn of(finding: &TestFinding) -> Self {
        Self {
            last_tested_at: micros(finding.tested_at),
            last_test_code: finding.code.as_str(),
            status: finding.status.map(CredentialStatus::as_str),
            status_reason: finding.status.map(|_| finding.status_reason.clone()),
        }
    }
}
