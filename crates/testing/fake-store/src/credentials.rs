use async_trait::async_trait;
use strongroom_domain::{
    AuditEvent, Credential, CredentialId, CredentialStatus, Evidence, OrganizationId, Sealed, Slot,
    StatusReason,
};
use strongroom_repository::{
    CredentialFilter, CredentialRepository, SealedCredential, Selector, StoreError, StoreResult, TestFinding,
    Unique,
};
use time::OffsetDateTime;

use crate::rows::{Rows, Table, at_most, fit_columns, key, of};
use crate::{Call, FakeStore};

impl Rows {
    /// Stores a new credential if the quota has a place for it.
    pub(crate) fn add_credential(&mut self, new: &SealedCredential, default_limit: u32) -> StoreResult<()> {
        let credential = &new.credential;
        let organization = &credential.organization;
        fit_columns([credential.version, credential.revision])?;
        let limit = self.limits.get(organization).copied().unwrap_or(default_limit);
        let ours = || of(&self.credentials, organization).map(|stored| &stored.credential);
        if ours().filter(|stored| stored.provider == credential.provider).count() >= at_most(limit) {
            return Err(StoreError::QuotaExceeded);
        }
        if credential.slot.is_some() && ours().any(|stored| stored.slot == credential.slot) {
            return Err(StoreError::Duplicate(Unique::Slot));
        }
        if ours().any(|stored| stored.id == credential.id) {
            return Err(StoreError::Duplicate(Unique::Id));
        }
        self.credentials.insert(key(organization, credential.id), new.clone());
        Ok(())
    }

    /// Removes a credential and the attempts to refresh it.
    pub(crate) fn remove_credential(&mut self, organization: &OrganizationId, id: CredentialId) {
        self.credentials.remove(&key(organization, id));
        self.attempts.remove(&key(organization, id));
    }

    /// Returns the credential to change, if it still has this version.
    pub(crate) fn at_version(
        &mut self,
        organization: &OrganizationId,
        id: CredentialId,
        version: u64,
    ) -> Option<&mut SealedCredential> {
        self.credentials.get_mut(&key(organization, id)).filter(|stored| stored.credential.version == version)
    }
}

/// Writes the columns that a replacement may change.
pub(crate) fn replace(stored: &mut SealedCredential, changed: &Credential, sealed: &Sealed) {
    let row = &stored.credential;
    stored.credential = Credential {
        provider: row.provider.clone(),
        slot: row.slot.clone(),
        user_id: row.user_id.clone(),
        last_read_at: row.last_read_at,
        created_at: row.created_at,
        created_by: row.created_by.clone(),
        issuer: row.issuer.clone(),
        ..changed.clone()
    };
    stored.sealed = sealed.clone();
}

fn matches(filter: &CredentialFilter, credential: &Credential) -> bool {
    filter.provider.as_ref().is_none_or(|provider| credential.provider == *provider)
        && filter.status.is_none_or(|status| credential.status == status)
        && filter.name.as_ref().is_none_or(|name| credential.name == *name)
        && filter.slot.as_ref().is_none_or(|slot| credential.slot.as_ref() == Some(slot))
        && filter.reach.covers(credential)
}

/// The sealed credentials of an organisation that `fits` accepts.
fn chosen(
    table: &Table<CredentialId, SealedCredential>,
    organization: &OrganizationId,
    fits: impl Fn(&Credential) -> bool,
) -> Vec<SealedCredential> {
    of(table, organization).filter(|stored| fits(&stored.credential)).cloned().collect()
}

/// Removes a credential. Returns the events to record, or `None` when there was no credential.
fn delete(
    rows: &mut Rows,
    organization: &OrganizationId,
    id: CredentialId,
    expected_revision: Option<u64>,
    (evidence, disconnected): (&Evidence, AuditEvent),
) -> StoreResult<Option<Vec<AuditEvent>>> {
    let Some(stored) = rows.credentials.get(&key(organization, id)) else { return Ok(None) };
    if expected_revision.is_some_and(|expected| expected != stored.credential.revision) {
        return Err(StoreError::StaleVersion);
    }
    let mut events: Vec<_> = evidence.events().cloned().collect();
    if let Some(integration) = rows.release(organization, id) {
        events.push(disconnected.targeting(integration.to_string()));
    }
    rows.remove_credential(organization, id);
    Ok(Some(events))
}

#[async_trait]
impl CredentialRepository for FakeStore {
    async fn insert(
        &self,
        new: &SealedCredential,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<()> {
        self.mutate(Call::InsertCredential, evidence, |rows, _| {
            rows.add_credential(new, default_limit)?;
            Ok(true)
        })
        .await
        .map(|_| ())
    }

    async fn find(&self, organization: &OrganizationId, id: CredentialId) -> StoreResult<Option<Credential>> {
        self.read(Call::FindCredential, |state, _| {
            state.rows.credentials.get(&key(organization, id)).map(|stored| stored.credential.clone())
        })
        .await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        filter: &CredentialFilter,
        after: Option<CredentialId>,
        limit: u32,
    ) -> StoreResult<Vec<Credential>> {
        self.read(Call::ListCredentials, |state, _| {
            let newest_first = of(&state.rows.credentials, organization).rev();
            newest_first
                .map(|stored| &stored.credential)
                .filter(|credential| after.is_none_or(|after| credential.id < after))
                .filter(|credential| matches(filter, credential))
                .take(at_most(limit))
                .cloned()
                .collect()
        })
        .await
    }

    async fn find_sealed(
        &self,
        organization: &OrganizationId,
        selector: &Selector,
    ) -> StoreResult<Option<SealedCredential>> {
        self.read(Call::FindSealed, |state, _| {
            let fits = |credential: &Credential| match selector {
                Selector::Id(id) => credential.id == *id,
                Selector::Slot(slot) => credential.slot.as_ref() == Some(slot),
            };
            chosen(&state.rows.credentials, organization, fits).pop()
        })
        .await
    }

    async fn find_sealed_many(
        &self,
        organization: &OrganizationId,
        ids: &[CredentialId],
    ) -> StoreResult<Vec<SealedCredential>> {
        self.read(Call::FindSealedMany, |state, _| {
            chosen(&state.rows.credentials, organization, |credential| ids.contains(&credential.id))
        })
        .await
    }

    async fn find_sealed_slots(
        &self,
        organization: &OrganizationId,
        slots: &[Slot],
    ) -> StoreResult<Vec<SealedCredential>> {
        self.read(Call::FindSealedSlots, |state, _| {
            let held =
                |credential: &Credential| credential.slot.as_ref().is_some_and(|slot| slots.contains(slot));
            chosen(&state.rows.credentials, organization, held)
        })
        .await
    }

    async fn replace(
        &self,
        changed: &Credential,
        sealed: &Sealed,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()> {
        self.mutate(Call::ReplaceCredential, evidence, |rows, _| {
            fit_columns([changed.version, changed.revision])?;
            let stored = rows
                .at_version(&changed.organization, changed.id, expected_version)
                .filter(|stored| stored.credential.revision == expected_revision)
                .ok_or(StoreError::StaleVersion)?;
            replace(stored, changed, sealed);
            Ok(true)
        })
        .await
        .map(|_| ())
    }

    async fn relabel(
        &self,
        changed: &Credential,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()> {
        self.mutate(Call::RelabelCredential, evidence, |rows, _| {
            fit_columns([changed.revision])?;
            let stored = rows
                .at_version(&changed.organization, changed.id, expected_version)
                .filter(|stored| stored.credential.revision == expected_revision)
                .ok_or(StoreError::StaleVersion)?;
            let row = &mut stored.credential;
            row.name = changed.name.clone();
            row.revision = changed.revision;
            row.expires_at = changed.expires_at;
            row.updated_at = changed.updated_at;
            row.modified_by.clone_from(&changed.modified_by);
            Ok(true)
        })
        .await
        .map(|_| ())
    }

    async fn record_test(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        version: u64,
        finding: &TestFinding,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::RecordTest, evidence, |rows, _| {
            let Some(stored) = rows.at_version(organization, id, version) else { return Ok(false) };
            let credential = &mut stored.credential;
            credential.last_tested_at = Some(finding.tested_at);
            credential.last_test_code = Some(finding.code);
            if let Some(status) = finding.status
                && credential.status != CredentialStatus::NeedsReauth
            {
                credential.status = status;
                credential.status_reason = finding.status_reason.clone().map(StatusReason::Test);
            }
            Ok(true)
        })
        .await
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        expected_revision: Option<u64>,
        evidence: Evidence,
        disconnected: AuditEvent,
    ) -> StoreResult<bool> {
        self.write(Call::DeleteCredential, |rows, _| {
            let events = delete(rows, organization, id, expected_revision, (&evidence, disconnected))?;
            Ok((events.is_some(), events.unwrap_or_default()))
        })
        .await
    }

    async fn note_reads(&self, reads: &[(OrganizationId, CredentialId, OffsetDateTime)]) -> StoreResult<()> {
        self.note(Call::NoteReads, |rows, _| {
            for (organization, id, at) in reads {
                if let Some(stored) = rows.credentials.get_mut(&key(organization, *id)) {
                    let last = &mut stored.credential.last_read_at;
                    *last = (*last).max(Some(*at));
                }
            }
            Ok(())
        })
        .await
    }
}
