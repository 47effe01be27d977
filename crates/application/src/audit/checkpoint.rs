//! Checkpoints: signed lists of chain heads. They are written to a place that the database's administrator
//! cannot change.
//!
//! A chain alone cannot show that its last records were cut off together with its head. Any kept checkpoint
//! can.

use std::collections::BTreeMap;

use strongroom_domain::audit::{AuditHead, Mac};
use strongroom_domain::canonical::Canonical;
use strongroom_domain::{OrganizationId, PurposeKeyId};
use strongroom_vault::Purpose;
use time::OffsetDateTime;

use super::Audit;
use crate::Failure;

/// The most heads that one checkpoint line holds.
const HEADS: u32 = 500;

/// The heads of chains at one moment, with a MAC over all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    at: OffsetDateTime,
    heads: Vec<AuditHead>,
    key: PurposeKeyId,
    mac: Mac,
}

impl Checkpoint {
    /// When it was taken.
    pub fn at(&self) -> OffsetDateTime {
        self.at
    }

    /// The heads it names.
    pub fn heads(&self) -> &[AuditHead] {
        &self.heads
    }

    /// The purpose key that signed it.
    pub fn key(&self) -> PurposeKeyId {
        self.key
    }

    /// HMAC-SHA-256 over time and heads.
    pub fn mac(&self) -> &Mac {
        &self.mac
    }

    fn signed_bytes(at: OffsetDateTime, heads: &[AuditHead]) -> Vec<u8> {
        let seconds = u64::try_from(at.unix_timestamp()).unwrap_or(0);
        let start = Canonical::labelled("strongroom/audit-checkpoint/v1").integer(seconds);
        let all = heads.iter().fold(start, |bytes, head| {
            bytes.text(head.organization.as_str()).integer(head.seq).bytes(&head.mac)
        });
        all.finish()
    }
}

impl Audit {
    /// Signs the heads that have changed since `since`. Each checkpoint holds a page of them.
    pub async fn checkpoint(&self, since: Option<OffsetDateTime>) -> Result<Vec<Checkpoint>, Failure> {
        let at = self.clock.now();
        let mut checkpoints = Vec::new();
        let mut after = None;
        loop {
            let heads = self.trail.heads(since, after, HEADS).await?;
            let Some(last) = heads.last() else { return Ok(checkpoints) };
            after = Some(last.organization.clone());
            let key = self.purpose_keys.current(Purpose::Audit);
            let mac = self.purpose_keys.digest(Purpose::Audit, key, &Checkpoint::signed_bytes(at, &heads))?;
            checkpoints.push(Checkpoint { at, heads, key, mac });
        }
    }

    /// Reads a checkpoint back from its parts and checks its MAC. `None` when it was not signed by this
    /// deployment, or was changed.
    pub fn read_checkpoint(
        &self,
        at: OffsetDateTime,
        heads: BTreeMap<OrganizationId, (u64, Mac)>,
        key: PurposeKeyId,
        mac: Mac,
    ) -> Option<Checkpoint> {
        let heads: Vec<_> = heads
            .into_iter()
            .map(|(organization, (seq, mac))| AuditHead { organization, seq, mac })
            .collect();
        let keys = &self.purpose_keys;
        let expected = keys.digest(Purpose::Audit, key, &Checkpoint::signed_bytes(at, &heads)).ok()?;
        keys.equal(&expected, &mac).then_some(Checkpoint { at, heads, key, mac })
    }
}
