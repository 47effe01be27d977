//! Compares the credentials that are stored with what the audit trail last said about each, and opens them.
//!
//! A row that was rolled back, put back, or made usable by hand still opens: it was valid once. The trail,
//! which cannot be forged without its key, says what is valid now.

use std::collections::BTreeMap;

use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, AuditEvent, CredentialId, CredentialStatus, OrganizationId, Outcome};
use strongroom_repository::{
    AuditFilter, AuditPage, CredentialFilter, SealedCredential, Selector, StoreError,
};
use strongroom_vault::{SealContext, VaultError};

use super::Audit;
use super::chain::Verification;
use crate::Failure;

/// How many credentials are read at once.
const PAGE: usize = 100;
/// How many records of one credential are read at once for a sample.
const RECORDS: u32 = 50;
/// How often a credential is looked at again that others write to meanwhile.
const LOOKS: u32 = 5;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeepVerification {
    /// What the walk over the chain found. Rows are compared with a chain that holds, and with no other.
    pub chain: Verification,
    /// How many credentials were compared.
    pub credentials: u64,
    /// Those that are not what the trail says, by ascending id.
    pub differing: Vec<Difference>,
}

/// A credential that is not what the audit trail last said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The credential; `None` when there is a row that cannot be read at all.
    pub credential: Option<CredentialId>,
    /// What differs.
    pub reason: &'static str,
}

/// What the trail last said about a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Stored { version: u64, digest: [u8; 32], is_pending: bool },
    Gone,
}

/// What the trail last said about each credential of one organisation.
#[derive(Default)]
struct Ledger {
    words: BTreeMap<CredentialId, Word>,
}

impl Ledger {
    fn note(&mut self, event: &AuditEvent) {
        let Some(id) = event.credential else { return };
        let before = self.words.get(&id).copied();
        let word = match (event.action, event.outcome, before) {
            (Action::CredentialDeleted, Outcome::Success, _) => Some(Word::Gone),
            // A grant that was never completed goes with its authorization.
            (Action::AuthorizationFailed, _, Some(Word::Stored { is_pending: true, .. })) => Some(Word::Gone),
            (_, Outcome::Success, _) if event.envelope_digest.is_some() => content_of(event),
            // Releases before format 2 completed an authorization without a new digest.
            (
                Action::AuthorizationCompleted,
                Outcome::Success,
                Some(Word::Stored { version, digest, .. }),
            ) => Some(Word::Stored { version, digest, is_pending: false }),
            _ => None,
        };
        if let Some(word) = word {
            self.words.insert(id, word);
        }
    }
}

fn content_of(event: &AuditEvent) -> Option<Word> {
    let (version, digest) = (event.version?, event.envelope_digest?);
    let pending = CredentialStatus::Pending.as_str();
    let is_pending = event.details.get("status").is_some_and(|status| status == pending);
    Some(Word::Stored { version, digest, is_pending })
}

/// Whether an event says by itself what the content of its credential is.
fn is_decisive(event: &AuditEvent) -> bool {
    event.outcome == Outcome::Success
        && (event.action == Action::CredentialDeleted || event.envelope_digest.is_some())
}

impl Audit {
    /// Walks the whole chain of an organisation, compares every credential with what the chain last said, and
    /// opens it.
    /// Others may write meanwhile. It needs some 100 bytes of memory for each credential that the chain
    /// names.
    pub async fn verify_deep(&self, organization: &OrganizationId) -> Result<DeepVerification, Failure> {
        let mut ledger = Ledger::default();
        let walk = self.walk(organization);
        let mut note = |record: &AuditRecord| ledger.note(&record.event);
        let chain = walk.check_each(1, None, &mut note).await?;
        let mut found = DeepVerification { chain, credentials: 0, differing: Vec::new() };
        if found.chain.broken.is_some() {
            return Ok(found);
        }
        let mut suspects = Vec::new();
        let ids: Vec<CredentialId> = ledger.words.keys().copied().collect();
        for some in ids.chunks(PAGE) {
            let rows = self.rows(organization, some).await?;
            for id in some {
                let row = rows.get(id).map(Result::as_ref);
                found.credentials += u64::from(row.is_some());
                if self.fault(ledger.words.get(id), row).await?.is_some() {
                    suspects.push(*id);
                }
            }
        }
        match self.strangers(organization, &ledger).await {
            Ok(strangers) => suspects.extend(strangers),
            Err(StoreError::Corrupt(_)) => {
                found.differing.push(Difference { credential: None, reason: "a row cannot be read back" });
            }
            Err(error) => return Err(error.into()),
        }
        let mut seen = found.chain.events;
        for id in suspects {
            if let Some(reason) = self.settle(organization, &mut ledger, &mut seen, id).await? {
                found.differing.push(Difference { credential: Some(id), reason });
            }
        }
        Ok(found)
    }

    /// Opens the newest credentials of an organisation, at most `limit`, and compares each with the last
    /// record that says what it is. The records are not authenticated: [`Self::verify_deep`] does that.
    pub async fn sample(
        &self,
        organization: &OrganizationId,
        limit: u32,
    ) -> Result<Vec<Difference>, Failure> {
        let mut differing = Vec::new();
        let newest = self.credentials.list(organization, &CredentialFilter::default(), None, limit).await?;
        for credential in newest {
            let id = credential.id;
            if let Some(reason) = self.settle_by_query(organization, id).await? {
                differing.push(Difference { credential: Some(id), reason });
            }
        }
        Ok(differing)
    }

    /// Looks at one credential until nothing is recorded about it between two looks at the trail.
    async fn settle(
        &self,
        organization: &OrganizationId,
        ledger: &mut Ledger,
        seen: &mut u64,
        id: CredentialId,
    ) -> Result<Option<&'static str>, Failure> {
        for _ in 0..LOOKS {
            self.catch_up(organization, ledger, seen).await?;
            let before = ledger.words.get(&id).copied();
            let row = self.row(organization, id).await?;
            self.catch_up(organization, ledger, seen).await?;
            if ledger.words.get(&id).copied() == before {
                return self.fault(before.as_ref(), row.as_ref().map(Result::as_ref)).await;
            }
        }
        Ok(None)
    }

    /// Looks at one credential as [`Self::settle`] does, by a query for its own records instead of the
    /// ledger.
    async fn settle_by_query(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
    ) -> Result<Option<&'static str>, Failure> {
        for _ in 0..LOOKS {
            let before = self.last_word(organization, id).await?;
            let row = self.row(organization, id).await?;
            if self.last_word(organization, id).await? == before {
                return self.fault(before.as_ref(), row.as_ref().map(Result::as_ref)).await;
            }
        }
        Ok(None)
    }

    async fn last_word(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
    ) -> Result<Option<Word>, Failure> {
        let filter = AuditFilter { credential: Some(id), ..AuditFilter::default() };
        let (mut events, mut before) = (Vec::new(), None);
        loop {
            let page = AuditPage { before, limit: RECORDS };
            let records = self.trail.query(organization, &filter, page).await?;
            before = records.last().map(|record| record.seq);
            let last = records.len() < RECORDS as usize;
            let decisive = records.iter().position(|record| is_decisive(&record.event));
            let taken = decisive.map_or(records.len(), |place| place + 1);
            events.extend(records.into_iter().take(taken).map(|record| record.event));
            if decisive.is_some() || last {
                break;
            }
        }
        let mut ledger = Ledger::default();
        events.iter().rev().for_each(|event| ledger.note(event));
        Ok(ledger.words.get(&id).copied())
    }

    /// Takes the records into the ledger that were written since it last did.
    async fn catch_up(
        &self,
        organization: &OrganizationId,
        ledger: &mut Ledger,
        seen: &mut u64,
    ) -> Result<(), Failure> {
        let mut note = |record: &AuditRecord| ledger.note(&record.event);
        *seen += self.walk(organization).check_each(*seen + 1, None, &mut note).await?.events;
        Ok(())
    }

    /// Credentials that no record names.
    async fn strangers(
        &self,
        organization: &OrganizationId,
        ledger: &Ledger,
    ) -> Result<Vec<CredentialId>, StoreError> {
        let (mut strangers, mut after) = (Vec::new(), None);
        let filter = CredentialFilter::default();
        loop {
            let page = self.credentials.list(organization, &filter, after, PAGE as u32).await?;
            let Some(last) = page.last() else { return Ok(strangers) };
            after = Some(last.id);
            let ids = page.iter().map(|credential| credential.id);
            strangers.extend(ids.filter(|id| !ledger.words.contains_key(id)));
        }
    }

    /// Those of the credentials that have a row. A row that cannot be read is `Err`.
    async fn rows(
        &self,
        organization: &OrganizationId,
        ids: &[CredentialId],
    ) -> Result<BTreeMap<CredentialId, Row>, Failure> {
        match self.credentials.find_sealed_many(organization, ids).await {
            Ok(rows) => Ok(rows.into_iter().map(|row| (row.credential.id, Ok(row))).collect()),
            Err(StoreError::Corrupt(_)) => {
                let mut rows = BTreeMap::new();
                for id in ids {
                    if let Some(row) = self.row(organization, *id).await? {
                        rows.insert(*id, row);
                    }
                }
                Ok(rows)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn row(&self, organization: &OrganizationId, id: CredentialId) -> Result<Option<Row>, Failure> {
        match self.credentials.find_sealed(organization, &Selector::Id(id)).await {
            Ok(row) => Ok(row.map(Ok)),
            Err(StoreError::Corrupt(_)) => Ok(Some(Err(Unreadable))),
            Err(error) => Err(error.into()),
        }
    }

    /// What is wrong with a credential. Its secret is opened and thrown away.
    async fn fault(
        &self,
        word: Option<&Word>,
        row: Option<Result<&SealedCredential, &Unreadable>>,
    ) -> Result<Option<&'static str>, Failure> {
        if let Some(reason) = self.contradiction(word, row) {
            return Ok(Some(reason));
        }
        let Some(Ok(row)) = row else { return Ok(None) };
        match self.vault.open(&SealContext::of_credential(&row.credential), &row.sealed).await {
            Ok(_) => Ok(None),
            Err(VaultError::UnknownKey(_)) => Ok(Some("its secret does not open: the key is not there")),
            Err(VaultError::Integrity) => {
                Ok(Some("its secret does not open: the row, or its key, was changed"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// In what a credential and the last word about it differ.
    fn contradiction(
        &self,
        word: Option<&Word>,
        row: Option<Result<&SealedCredential, &Unreadable>>,
    ) -> Option<&'static str> {
        let (version, digest, is_pending, row) = match (word, row) {
            (_, Some(Err(Unreadable))) => return Some("the row cannot be read back"),
            (None, Some(Ok(_))) => return Some("no record says that it was stored"),
            (Some(Word::Gone), Some(Ok(_))) => return Some("it was deleted, and it is there"),
            (Some(Word::Stored { .. }), None) => return Some("no record says that it was deleted"),
            (None | Some(Word::Gone), None) => return None,
            (Some(Word::Stored { version, digest, is_pending }), Some(Ok(row))) => {
                (*version, digest, *is_pending, row)
            }
        };
        if row.credential.version != version {
            return Some("its content is of another version than the last one on record");
        }
        if self.vault.envelope_digest(&row.sealed) != *digest {
            return Some("its content is not the one on record");
        }
        match (is_pending, row.credential.status == CredentialStatus::Pending) {
            (true, false) => Some("it is usable, and no record says that its authorization was completed"),
            (false, true) => Some("it waits for its completion, which is on record"),
            _ => None,
        }
    }
}

/// A row that cannot be read back.
struct Unreadable;

type Row = Result<SealedCredential, Unreadable>;
