use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::violation::Rule;
use strongroom_domain::{
    Account, Credential, CredentialId, CredentialName, CredentialStatus, CredentialType, Issuer, KekId,
    OauthAppId, ProviderId, PublicConfig, Sealed, Slot, StatusReason, TestCode, UserId,
};
use strongroom_repository::{DueRefresh, SealedCredential, StoreResult, TestFinding};

use crate::schema::credentials;
use crate::{BadColumn, Micros, RowId, RowName, Stored, stored};

/// The metadata of a credential.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials, check_for_backend(Pg, Sqlite))]
pub struct CredentialRow {
    org_id: String,
    id: RowId,
    provider: String,
    slot: Option<String>,
    user_id: Option<String>,
    last_read_at: Option<Micros>,
    created_at: Micros,
    created_by: String,
    issuer: Option<String>,
    #[diesel(embed)]
    changeable: Changeable,
}

/// The metadata that a replacement may change.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = credentials, treat_none_as_null = true, check_for_backend(Pg, Sqlite))]
pub struct Changeable {
    credential_type: String,
    name: String,
    status: String,
    status_reason: Option<String>,
    config: String,
    version: i64,
    revision: i64,
    google_email: Option<String>,
    expires_at: Option<Micros>,
    access_token_expires_at: Option<Micros>,
    grant_expires_at: Option<Micros>,
    last_tested_at: Option<Micros>,
    last_test_code: Option<String>,
    refreshed_at: Option<Micros>,
    refresh_at: Option<Micros>,
    oauth_app_id: Option<RowId>,
    account_id: Option<String>,
    account_name: Option<String>,
    updated_at: Micros,
    modified_by: String,
}

/// What people call a credential, when it ends, and who changed that last.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = credentials, treat_none_as_null = true)]
pub struct Labels {
    name: String,
    revision: i64,
    expires_at: Option<Micros>,
    updated_at: Micros,
    modified_by: String,
}

/// A sealed payload.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = credentials, check_for_backend(Pg, Sqlite))]
pub struct Payload {
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
}

/// A credential and its sealed payload.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials, check_for_backend(Pg, Sqlite))]
pub struct SealedRow {
    #[diesel(embed)]
    credential: CredentialRow,
    #[diesel(embed)]
    payload: Payload,
}

/// The columns that a connection test changes.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = credentials)]
pub struct Tested {
    last_tested_at: Micros,
    last_test_code: &'static str,
    /// `None` does not change the column. For the reason, the outer `None` has this meaning.
    status: Option<&'static str>,
    status_reason: Option<Option<String>>,
}

/// A credential whose refresh is due, so that `refresh_at` is set.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = credentials, check_for_backend(Pg, Sqlite))]
pub struct DueRow {
    org_id: String,
    id: RowId,
    refresh_at: Option<Micros>,
}

impl SealedRow {
    /// The row of a new credential.
    pub fn of(new: &SealedCredential) -> StoreResult<Self> {
        let credential = CredentialRow::of(&new.credential)?;
        Ok(Self { credential, payload: Payload::of(&new.sealed) })
    }
}

impl CredentialRow {
    fn of(credential: &Credential) -> StoreResult<Self> {
        Ok(Self {
            org_id: credential.organization.as_str().to_owned(),
            id: RowId(credential.id.0),
            provider: credential.provider.as_str().to_owned(),
            slot: credential.slot.as_ref().map(|slot| slot.as_str().to_owned()),
            user_id: credential.user_id.as_ref().map(|user| user.as_str().to_owned()),
            last_read_at: credential.last_read_at.map(Micros::from),
            created_at: credential.created_at.into(),
            created_by: credential.created_by.clone(),
            issuer: credential.issuer.as_ref().map(String::from),
            changeable: Changeable::of(credential)?,
        })
    }
}

impl Changeable {
    /// The columns that a replacement by this credential changes.
    pub fn of(credential: &Credential) -> StoreResult<Self> {
        let account = credential.account.as_ref();
        Ok(Self {
            credential_type: credential.credential_type.as_str().to_owned(),
            name: credential.name.as_str().to_owned(),
            status: credential.status.as_str().to_owned(),
            status_reason: credential.status_reason.as_ref().map(|reason| reason.as_str().to_owned()),
            config: credential.config.to_canonical_json(),
            version: stored(credential.version)?,
            revision: stored(credential.revision)?,
            google_email: credential.google_email.clone(),
            expires_at: credential.expires_at.map(Micros::from),
            access_token_expires_at: credential.access_token_expires_at.map(Micros::from),
            grant_expires_at: credential.grant_expires_at.map(Micros::from),
            last_tested_at: credential.last_tested_at.map(Micros::from),
            last_test_code: credential.last_test_code.map(|code| code.as_str().to_owned()),
            refreshed_at: credential.refreshed_at.map(Micros::from),
            refresh_at: credential.refresh_at.map(Micros::from),
            oauth_app_id: credential.oauth_app.map(|app| RowId(app.0)),
            account_id: account.map(|account| account.id.clone()),
            account_name: account.and_then(|account| account.name.clone()),
            updated_at: credential.updated_at.into(),
            modified_by: credential.modified_by.clone(),
        })
    }
}

impl Labels {
    /// The columns that a change of the labels writes.
    pub fn of(credential: &Credential) -> StoreResult<Self> {
        Ok(Self {
            name: credential.name.as_str().to_owned(),
            revision: stored(credential.revision)?,
            expires_at: credential.expires_at.map(Micros::from),
            updated_at: credential.updated_at.into(),
            modified_by: credential.modified_by.clone(),
        })
    }
}

impl Payload {
    /// The columns of a payload.
    pub fn of(sealed: &Sealed) -> Self {
        Self { kek_id: sealed.kek_id.0.to_vec(), envelope: sealed.envelope.clone() }
    }
}

impl Tested {
    /// The columns that a finding changes.
    pub fn of(finding: &TestFinding) -> Self {
        Self {
            last_tested_at: finding.tested_at.into(),
            last_test_code: finding.code.as_str(),
            status: finding.status.map(CredentialStatus::as_str),
            status_reason: finding.status.map(|_| finding.status_reason.clone()),
        }
    }

    /// The change without the status, for a credential whose status a test may not change.
    #[must_use]
    pub fn without_status(&self) -> Self {
        Self { status: None, status_reason: None, ..*self }
    }
}

impl Stored for CredentialRow {
    type Value = Credential;

    fn read(self) -> Result<Credential, BadColumn> {
        let row = RowName { table: "credentials", organization: &self.org_id, id: &self.id };
        let changeable = self.changeable;
        let last_test_code = changeable.last_test_code.as_deref().map(TestCode::parse).transpose();
        Ok(Credential {
            organization: row.organization()?,
            id: CredentialId(self.id.0),
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            credential_type: row
                .column("credential_type", CredentialType::parse(&changeable.credential_type))?,
            name: row.column("name", CredentialName::parse(&changeable.name))?,
            slot: self.slot.map(Slot::from_stored),
            status: row.column("status", CredentialStatus::parse(&changeable.status))?,
            status_reason: changeable.status_reason.map(StatusReason::from_stored),
            config: row.column("config", PublicConfig::from_canonical_json(&changeable.config))?,
            version: row.counter("version", changeable.version)?,
            revision: row.counter("revision", changeable.revision)?,
            user_id: row.column("user_id", self.user_id.as_deref().map(UserId::parse).transpose())?,
            google_email: changeable.google_email,
            expires_at: row.optional_time("expires_at", changeable.expires_at)?,
            access_token_expires_at: row
                .optional_time("access_token_expires_at", changeable.access_token_expires_at)?,
            grant_expires_at: row.optional_time("grant_expires_at", changeable.grant_expires_at)?,
            last_tested_at: row.optional_time("last_tested_at", changeable.last_tested_at)?,
            last_test_code: row.column("last_test_code", last_test_code)?,
            last_read_at: row.optional_time("last_read_at", self.last_read_at)?,
            refreshed_at: row.optional_time("refreshed_at", changeable.refreshed_at)?,
            refresh_at: row.optional_time("refresh_at", changeable.refresh_at)?,
            oauth_app: changeable.oauth_app_id.map(|id| OauthAppId(id.0)),
            account: changeable.account_id.map(|id| Account { id, name: changeable.account_name }),
            created_at: row.time("created_at", self.created_at)?,
            updated_at: row.time("updated_at", changeable.updated_at)?,
            created_by: self.created_by,
            issuer: self.issuer.map(Issuer::from_stored),
            modified_by: changeable.modified_by,
        })
    }
}

impl Stored for SealedRow {
    type Value = SealedCredential;

    fn read(self) -> Result<SealedCredential, BadColumn> {
        let Self { credential, payload } = self;
        let row = RowName { table: "credentials", organization: &credential.org_id, id: &credential.id };
        let kek_id = KekId(row.bytes("kek_id", payload.kek_id)?);
        let sealed = Sealed { kek_id, envelope: payload.envelope };
        Ok(SealedCredential { credential: credential.read()?, sealed })
    }
}

impl Stored for DueRow {
    type Value = DueRefresh;

    fn read(self) -> Result<DueRefresh, BadColumn> {
        let row = RowName { table: "credentials", organization: &self.org_id, id: &self.id };
        let refresh_at = row.column("refresh_at", self.refresh_at.ok_or(Rule::fixed("must be a time")))?;
        Ok(DueRefresh {
            organization: row.organization()?,
            credential: CredentialId(self.id.0),
            refresh_at: row.time("refresh_at", refresh_at)?,
        })
    }
}
