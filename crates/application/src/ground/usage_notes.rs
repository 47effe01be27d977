//! Last-read and last-used times, gathered in memory and written together every few seconds, so that a
//! secret read does not pay for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_domain::{ApiKeyId, CredentialId, OrganizationId};
use strongroom_repository::{CredentialRepository, ServiceAccountRepository};
use time::OffsetDateTime;

/// Times that wait to be written. A crash loses the times of a few seconds.
pub(crate) struct UsageNotes {
    credentials: Arc<dyn CredentialRepository>,
    service_accounts: Arc<dyn ServiceAccountRepository>,
    reads: Mutex<HashMap<(OrganizationId, CredentialId), OffsetDateTime>>,
    uses: Mutex<HashMap<(OrganizationId, ApiKeyId), OffsetDateTime>>,
}

impl UsageNotes {
    pub(crate) fn new(
        credentials: Arc<dyn CredentialRepository>,
        service_accounts: Arc<dyn ServiceAccountRepository>,
    ) -> Self {
        Self { credentials, service_accounts, reads: Mutex::default(), uses: Mutex::default() }
    }

    pub(crate) fn secret_read(&self, organization: &OrganizationId, id: CredentialId, at: OffsetDateTime) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).insert((organization.clone(), id), at);
    }

    pub(crate) fn key_used(&self, organization: &OrganizationId, id: &ApiKeyId, at: OffsetDateTime) {
        self.uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((organization.clone(), id.clone()), at);
    }

    pub(crate) async fn flush(&self) {
        let reads = std::mem::take(&mut *self.reads.lock().unwrap_or_else(PoisonError::into_inner));
        if !reads.is_empty() {
            let reads: Vec<_> =
                reads.into_iter().map(|((organization, id), at)| (organization, id, at)).collect();
            if let Err(error) = self.credentials.note_reads(&reads).await {
                tracing::warn!(%error, "last-read times were not written");
            }
        }
        let uses = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        if !uses.is_empty() {
            let uses: Vec<_> =
                uses.into_iter().map(|((organization, id), at)| (organization, id, at)).collect();
            if let Err(error) = self.service_accounts.note_uses(&uses).await {
                tracing::warn!(%error, "last-used times were not written");
            }
        }
    }
}
