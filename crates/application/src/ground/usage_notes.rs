//! Last-read and last-used times, gathered in memory and written together every few seconds, so that a
//! secret read does not pay for them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use strongroom_domain::{ApiKeyId, CredentialId, OrganizationId};
use time::OffsetDateTime;

use crate::Ports;

/// Times that wait to be written. A crash loses a few seconds of them.
#[derive(Default)]
pub(crate) struct UsageNotes {
    reads: Mutex<HashMap<(OrganizationId, CredentialId), OffsetDateTime>>,
    uses: Mutex<HashMap<(OrganizationId, ApiKeyId), OffsetDateTime>>,
}

impl UsageNotes {
    pub(crate) fn secret_read(&self, organization: &OrganizationId, id: CredentialId, at: OffsetDateTime) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).insert((organization.clone(), id), at);
    }

    pub(crate) fn key_used(&self, organization: &OrganizationId, id: &ApiKeyId, at: OffsetDateTime) {
        self.uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((organization.clone(), id.clone()), at);
    }

    pub(crate) async fn flush(&self, ports: &Ports) {
        let reads = std::mem::take(&mut *self.reads.lock().unwrap_or_else(PoisonError::into_inner));
        if !reads.is_empty() {
            let reads: Vec<_> =
                reads.into_iter().map(|((organization, id), at)| (organization, id, at)).collect();
            if let Err(error) = ports.credentials.note_reads(&reads).await {
                tracing::warn!(%error, "last-read times were not written");
            }
        }
        let uses = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        if !uses.is_empty() {
            let uses: Vec<_> =
                uses.into_iter().map(|((organization, id), at)| (organization, id, at)).collect();
            if let Err(error) = ports.service_accounts.note_uses(&uses).await {
                tracing::warn!(%error, "last-used times were not written");
            }
        }
    }
}
