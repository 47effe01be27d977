use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::oauth::DOUBT;
use strongroom_domain::{
    Content, Credential, CredentialId, CredentialStatus, Evidence, OrganizationId, RefreshProblem, Sealed,
    StatusReason,
};
use strongroom_repository::{DueRefresh, Ended, Lease, RefreshLeaseRepository, StoreResult};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::rows::{Attempts, Rows, at_most, fit_columns, key, later};
use crate::{Call, FakeStore};

impl Attempts {
    pub(crate) fn is_held(&self, now: OffsetDateTime) -> bool {
        self.held_until.is_some_and(|end| end > now)
    }

    fn next_at(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.retry_at.filter(|at| *at > now)
    }

    /// Takes the lease if it is free.
    fn acquire(&mut self, owner: Uuid, length: Duration, now: OffsetDateTime) -> Lease {
        if self.is_held(now) {
            return Lease::Held;
        }
        if let Some(at) = self.next_at(now) {
            return Lease::NotYet((at - now).unsigned_abs());
        }
        // An owner that is still set belongs to an attempt that was interrupted.
        self.interrupted |= self.owner.is_some();
        (self.owner, self.held_until) = (Some(owner), Some(later(now, length)));
        self.retry_at = None;
        let doubted = self.doubted_at.is_some_and(|at| later(at, DOUBT) <= now);
        Lease::Acquired { failures: self.failures, interrupted: self.interrupted, doubted }
    }

    fn fail(&mut self, now: OffsetDateTime, retry_after: Duration, ended: Ended) {
        (self.owner, self.held_until) = (None, None);
        self.failures += u32::from(ended != Ended::NotTried);
        self.interrupted |= ended == Ended::AnswerLost;
        self.retry_at = Some(later(now, retry_after));
        if ended == Ended::Doubted {
            self.doubted_at.get_or_insert(now);
        }
    }
}

impl Rows {
    /// The attempts of a credential when `owner` holds its lease, or held it last.
    fn attempts_of(
        &mut self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
    ) -> Option<&mut Attempts> {
        let attempts = self.attempts.get_mut(&key(organization, credential));
        attempts.filter(|attempts| attempts.owner == Some(owner))
    }

    /// Returns since when a credential is due, if the background may refresh it now.
    fn due_since(&self, credential: &Credential, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let attempts = self.attempts.get(&key(&credential.organization, credential.id));
        let attempts = attempts.filter(|attempts| attempts.version == credential.version);
        let is_free =
            attempts.is_none_or(|attempts| !attempts.is_held(now) && attempts.next_at(now).is_none());
        let due = credential.refresh_at.filter(|at| *at <= now);
        due.filter(|_| is_free && credential.status != CredentialStatus::Pending)
    }
}

/// Writes the metadata that a refresh changes.
fn take_refresh(credential: &mut Credential, refreshed: &Credential, now: OffsetDateTime) {
    let content = Content {
        config: refreshed.config.clone(),
        access_token_expires_at: refreshed.access_token_expires_at,
        grant_expires_at: refreshed.grant_expires_at,
        ..Content::default()
    };
    credential.take_refresh(&content, refreshed.refresh_at, now);
    (credential.version, credential.refreshed_at) = (refreshed.version, refreshed.refreshed_at);
}

#[async_trait]
impl RefreshLeaseRepository for FakeStore {
    async fn acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        owner: Uuid,
        length: Duration,
    ) -> StoreResult<Lease> {
        self.note(Call::AcquireLease, |rows, now| {
            if rows.at_version(organization, credential, version).is_none() {
                return Ok(Lease::Moved);
            }
            let attempts = rows.attempts.entry(key(organization, credential)).or_default();
            if attempts.version != version {
                *attempts = Attempts { version, ..Attempts::default() };
            }
            Ok(attempts.acquire(owner, length, now))
        })
        .await
    }

    async fn end_wait(&self, organization: &OrganizationId, credential: CredentialId) -> StoreResult<()> {
        self.note(Call::EndWait, |rows, _| {
            let attempts = rows.attempts.get_mut(&key(organization, credential));
            if let Some(attempts) = attempts.filter(|attempts| attempts.owner.is_none()) {
                attempts.retry_at = None;
            }
            Ok(())
        })
        .await
    }

    async fn store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        expected_version: u64,
        owner: Uuid,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::StoreRefreshed, evidence, |rows, now| {
            fit_columns([refreshed.version])?;
            let (organization, id) = (&refreshed.organization, refreshed.id);
            let Some(stored) = rows.at_version(organization, id, expected_version) else { return Ok(false) };
            take_refresh(&mut stored.credential, refreshed, now);
            stored.sealed = sealed.clone();
            if rows.attempts_of(organization, id, owner).is_some() {
                rows.attempts.remove(&key(organization, id));
            }
            Ok(true)
        })
        .await
    }

    async fn fail(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
        retry_after: Duration,
        ended: Ended,
    ) -> StoreResult<()> {
        self.note(Call::FailLease, |rows, now| {
            if let Some(attempts) = rows.attempts_of(organization, credential, owner) {
                attempts.fail(now, retry_after, ended);
            }
            Ok(())
        })
        .await
    }

    async fn note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        problem: RefreshProblem,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        self.mutate(Call::NoteProblem, evidence, |rows, _| {
            let Some(stored) = rows.at_version(organization, credential, version) else { return Ok(false) };
            let row = &mut stored.credential;
            let is_news = row.status_reason != Some(StatusReason::Refresh(problem));
            let is_noted = match problem.status() {
                Some(status) => is_news || row.status != status,
                None => is_news && row.status != CredentialStatus::NeedsReauth,
            };
            if is_noted {
                row.take_problem(problem);
            }
            Ok(is_noted)
        })
        .await
    }

    async fn due(&self, limit: u32) -> StoreResult<Vec<DueRefresh>> {
        self.read(Call::DueRefreshes, |state, now| {
            let credentials = state.rows.credentials.values().map(|stored| &stored.credential);
            let mut due: Vec<_> = credentials
                .filter_map(|credential| {
                    Some(DueRefresh {
                        organization: credential.organization.clone(),
                        credential: credential.id,
                        refresh_at: state.rows.due_since(credential, now)?,
                    })
                })
                .collect();
            due.sort_by_key(|due| due.refresh_at);
            let mut turns = BTreeMap::<_, usize>::new();
            let mut in_turns: Vec<_> = due
                .into_iter()
                .map(|due| {
                    let turn = turns.entry(due.organization.clone()).or_default();
                    *turn += 1;
                    (*turn, due)
                })
                .collect();
            in_turns.sort_by_key(|(turn, due)| (*turn, due.refresh_at));
            in_turns.into_iter().map(|(_, due)| due).take(at_most(limit)).collect()
        })
        .await
    }
}
