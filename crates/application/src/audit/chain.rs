//! Walks an audit chain and finds the first place where it does not hold.

use strongroom_domain::OrganizationId;
use strongroom_domain::audit::{AuditRecord, GENESIS, Mac, signed_bytes};
use strongroom_repository::{AuditTrail, StoreError};
use strongroom_vault::{Purpose, PurposeKeys};

/// How many records are read at once.
const PAGE: u32 = 1_000;

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many records are valid, from the first one that was asked for.
    pub events: u64,
    /// The MAC of the last valid record.
    pub head: Mac,
    /// Where the chain breaks, if it does.
    pub broken: Option<Break>,
}

/// A place where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The first place that is wrong.
    pub seq: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A walk over one chain.
pub(crate) struct Walk<'a> {
    pub(crate) trail: &'a dyn AuditTrail,
    pub(crate) keys: &'a dyn PurposeKeys,
    pub(crate) organization: &'a OrganizationId,
}

impl Walk<'_> {
    /// Checks the records `from..=to` and, when `to` is the head, that there is no record behind it.
    pub(crate) async fn check(&self, from: u64, to: Option<u64>) -> Result<Verification, StoreError> {
        self.check_each(from, to, &mut |_| ()).await
    }

    /// Checks records as [`Self::check`] does, and shows every one that is valid.
    pub(crate) async fn check_each(
        &self,
        from: u64,
        to: Option<u64>,
        show: &mut (dyn FnMut(&AuditRecord) + Send),
    ) -> Result<Verification, StoreError> {
        let head = self.trail.head(self.organization).await?;
        let (head_seq, head_mac) = head.map_or((0, GENESIS), |head| (head.seq, head.mac));
        let last = to.map_or(head_seq, |to| to.min(head_seq));
        let mut state = Verification { events: 0, head: GENESIS, broken: None };
        if from > 1 && from <= last {
            match self.page(from - 1, 1).await?.first() {
                Some(record) if record.seq == from - 1 => state.head = record.mac,
                _ => return Ok(broken(state, from - 1, MISSING)),
            }
        }
        let mut next = from.max(1);
        while next <= last {
            let limit = PAGE.min(u32::try_from(last - next + 1).unwrap_or(PAGE));
            let records = self.page(next, limit).await?;
            for record in &records {
                if let Some(reason) = self.fault(record, next, &state.head) {
                    return Ok(broken(state, next, reason));
                }
                show(record);
                state.events += 1;
                state.head = record.mac;
                next += 1;
            }
            if records.is_empty() {
                return Ok(broken(state, next, self.why_empty(next).await?));
            }
        }
        if last == head_seq {
            if state.events > 0 && state.head != head_mac {
                return Ok(broken(state, head_seq, "the head of the chain names another record"));
            }
            return self.nothing_behind(state, head_seq).await;
        }
        Ok(state)
    }

    /// The MAC of the record at one place, for comparison with a checkpoint.
    pub(crate) async fn mac_at(&self, seq: u64) -> Result<Option<Mac>, StoreError> {
        let records = self.page(seq, 1).await?;
        Ok(records.first().filter(|record| record.seq == seq).map(|record| record.mac))
    }

    fn fault(&self, record: &AuditRecord, expected: u64, previous: &Mac) -> Option<&'static str> {
        if record.seq != expected {
            return Some(MISSING);
        }
        let signed = signed_bytes(&record.event, record.seq, record.at, previous);
        match self.keys.digest(Purpose::Audit, record.mac_key, &signed) {
            Ok(mac) if self.keys.equal(&mac, &record.mac) => None,
            Ok(_) => Some("the record or the one before it was changed"),
            Err(_) => Some("the record names a key that is not known"),
        }
    }

    /// Reads a page of records. A record that cannot be read back ends the page before it.
    async fn page(&self, from: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        match self.trail.range(self.organization, from, limit).await {
            Err(StoreError::Corrupt(_)) if limit > 1 => {
                let mut records = Vec::new();
                for seq in from..from.saturating_add(u64::from(limit)) {
                    match self.trail.range(self.organization, seq, 1).await {
                        Ok(one) => records.extend(one),
                        Err(StoreError::Corrupt(_)) => break,
                        Err(error) => return Err(error),
                    }
                }
                Ok(records)
            }
            Err(StoreError::Corrupt(_)) => Ok(Vec::new()),
            other => other,
        }
    }

    async fn why_empty(&self, seq: u64) -> Result<&'static str, StoreError> {
        match self.trail.range(self.organization, seq, 1).await {
            Err(StoreError::Corrupt(_)) => Ok("the record cannot be read back"),
            Err(error) => Err(error),
            Ok(_) => Ok(MISSING),
        }
    }

    /// Checks that there are no records behind the head. Such records were inserted by hand, unless the chain
    /// has grown meanwhile.
    async fn nothing_behind(&self, state: Verification, head: u64) -> Result<Verification, StoreError> {
        let Some(record) = self.page(head + 1, 1).await?.into_iter().next() else { return Ok(state) };
        let now = self.trail.head(self.organization).await?.map_or(0, |head| head.seq);
        Ok(if now < record.seq {
            broken(state, head + 1, "a record lies behind the head of the chain")
        } else {
            state
        })
    }
}

const MISSING: &str = "the record is missing";

fn broken(state: Verification, seq: u64, reason: &'static str) -> Verification {
    Verification { broken: Some(Break { seq, reason }), ..state }
}
