use diesel::prelude::*;
use strongroom_domain::{
    Account, Credential, CredentialId, CredentialName, CredentialStatus, CredentialType, KekId, OauthAppId,
    ProviderId, PublicConfig, Sealed, Slot, TestCode, UserId,
};
use strongroom_repository::{SealedCredential, StoreResult, TestFinding};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bad_row::{RowName, stored_counter};
use crate::schema::credentials;

/// The metadata of a credential.
#[derive(Queryable, Selectable)]
#[diesel(table_name = credentials)]
pub(crate) struct CredentialRow {
    org_id: String,
    id: Uuid,
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
    expires_at: Option<OffsetDateTime>,
    access_token_expires_at: Option<OffsetDateTime>,
    last_tested_at: Option<OffsetDateTime>,
    last_test_code: Option<String>,
    last_read_at: Option<OffsetDateTime>,
    refreshed_at: Option<OffsetDateTime>,
    refresh_at: Option<OffsetDateTime>,
    oauth_app_id: Option<Uuid>,
    account_id: Option<String>,
    account_name: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    created_by: String,
    modified_by: String,
}

/// A credential and its sealed payload.
#[derive(Queryable, Selectable)]
#[diesel(table_name = credentials)]
pub(crate) struct SealedRow {
    #[diesel(embed)]
    credential: CredentialRow,
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
}

/// Everything of a new credential.
#[derive(Insertable)]
#[diesel(table_name = credentials)]
pub(crate) struct NewCredential<'c> {
    org_id: &'c str,
    id: Uuid,
    provider: &'c str,
    slot: Option<&'c str>,
    user_id: Option<&'c str>,
    last_read_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    created_by: &'c str,
    #[diesel(embed)]
    changeable: Changeable<'c>,
    #[diesel(embed)]
    payload: Payload<'c>,
}

/// What `replace` may change besides the payload.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = credentials, treat_none_as_null = true)]
pub(crate) struct Changeable<'c> {
    credential_type: &'c str,
    name: &'c str,
    status: &'c str,
    status_reason: Option<&'c str>,
    config: String,
    version: i64,
    revision: i64,
    google_email: Option<&'c str>,
    expires_at: Option<OffsetDateTime>,
    access_token_expires_at: Option<OffsetDateTime>,
    last_tested_at: Option<OffsetDateTime>,
    last_test_code: Option<&'c str>,
    refreshed_at: Option<OffsetDateTime>,
    refresh_at: Option<OffsetDateTime>,
    oauth_app_id: Option<Uuid>,
    account_id: Option<&'c str>,
    account_name: Option<&'c str>,
    updated_at: OffsetDateTime,
    modified_by: &'c str,
}

/// The sealed payload.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = credentials)]
pub(crate) struct Payload<'c> {
    kek_id: &'c [u8],
    envelope: &'c [u8],
}

/// What a connection test changes.
#[derive(AsChangeset)]
#[diesel(table_name = credentials)]
pub(crate) struct Tested<'f> {
    last_tested_at: OffsetDateTime,
    last_test_code: &'static str,
    /// `None` leaves the column alone, and so does the outer one of the reason.
    status: Option<&'static str>,
    status_reason: Option<Option<&'f str>>,
}

impl<'c> NewCredential<'c> {
    pub(crate) fn of(new: &'c SealedCredential) -> StoreResult<Self> {
        let credential = &new.credential;
        Ok(Self {
            org_id: credential.organization.as_str(),
            id: credential.id.0,
            provider: credential.provider.as_str(),
            slot: credential.slot.as_ref().map(Slot::as_str),
            user_id: credential.user_id.as_ref().map(UserId::as_str),
            last_read_at: credential.last_read_at,
            created_at: credential.created_at,
            created_by: &credential.created_by,
            changeable: Changeable::of(credential)?,
            payload: Payload::of(&new.sealed),
        })
    }
}

impl<'c> Changeable<'c> {
    pub(crate) fn of(credential: &'c Credential) -> StoreResult<Self> {
        Ok(Self {
            credential_type: credential.credential_type.as_str(),
            name: credential.name.as_str(),
            status: credential.status.as_str(),
            status_reason: credential.status_reason.as_deref(),
            config: credential.config.to_canonical_json(),
            version: stored_counter(credential.version)?,
            revision: stored_counter(credential.revision)?,
            google_email: credential.google_email.as_deref(),
            expires_at: credential.expires_at,
            access_token_expires_at: credential.access_token_expires_at,
            last_tested_at: credential.last_tested_at,
            last_test_code: credential.last_test_code.map(TestCode::as_str),
            refreshed_at: credential.refreshed_at,
            refresh_at: credential.refresh_at,
            oauth_app_id: credential.oauth_app.map(|app| app.0),
            account_id: credential.account.as_ref().map(|account| account.id.as_str()),
            account_name: credential.account.as_ref().and_then(|account| account.name.as_deref()),
            updated_at: credential.updated_at,
            modified_by: &credential.modified_by,
        })
    }
}

impl<'c> Payload<'c> {
    pub(crate) fn of(sealed: &'c Sealed) -> Self {
        Self { kek_id: &sealed.kek_id.0, envelope: &sealed.envelope }
    }
}

impl<'f> Tested<'f> {
    /// The same for a credential whose status is not the test's to change.
    pub(crate) fn without_status(&self) -> Self {
        Self { status: None, status_reason: None, ..*self }
    }

    pub(crate) fn of(finding: &'f TestFinding) -> Self {
        Self {
            last_tested_at: finding.tested_at,
            last_test_code: finding.code.as_str(),
            status: finding.status.map(CredentialStatus::as_str),
            status_reason: finding.status.map(|_| finding.status_reason.as_deref()),
        }
    }
}

impl CredentialRow {
    pub(crate) fn read(self) -> StoreResult<Credential> {
        let row = RowName { table: "credentials", organization: &self.org_id, id: &self.id };
        Ok(Credential {
            organization: row.organization()?,
            id: CredentialId(self.id),
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            credential_type: row.column("credential_type", CredentialType::parse(&self.credential_type))?,
            name: row.column("name", CredentialName::parse(&self.name))?,
            slot: self.slot.map(Slot::from_stored),
            status: row.column("status", CredentialStatus::parse(&self.status))?,
            status_reason: self.status_reason,
            config: row.column("config", PublicConfig::from_canonical_json(&self.config))?,
            version: row.counter("version", self.version)?,
            revision: row.counter("revision", self.revision)?,
            user_id: row.column("user_id", self.user_id.as_deref().map(UserId::parse).transpose())?,
            google_email: self.google_email,
            expires_at: self.expires_at,
            access_token_expires_at: self.access_token_expires_at,
            last_tested_at: self.last_tested_at,
            last_test_code: row
                .column("last_test_code", self.last_test_code.as_deref().map(TestCode::parse).transpose())?,
            last_read_at: self.last_read_at,
            refreshed_at: self.refreshed_at,
            refresh_at: self.refresh_at,
            oauth_app: self.oauth_app_id.map(OauthAppId),
            account: self.account_id.map(|id| Account { id, name: self.account_name }),
            created_at: self.created_at,
            updated_at: self.updated_at,
            created_by: self.created_by,
            modified_by: self.modified_by,
        })
    }
}

impl SealedRow {
    pub(crate) fn read(self) -> StoreResult<SealedCredential> {
        let row =
            RowName { table: "credentials", organization: &self.credential.org_id, id: &self.credential.id };
        let sealed = Sealed { kek_id: KekId(row.bytes("kek_id", self.kek_id)?), envelope: self.envelope };
        Ok(SealedCredential { credential: self.credential.read()?, sealed })
    }
}
