//! Checks audit chains.

use strongroom_domain::audit::AuditHead;
use strongroom_domain::{Action, OrganizationId, Outcome, Rule};

use super::Audit;
use super::chain::{Break, Verification};
use crate::ground::{Permitted, to};
use crate::{Checkpoint, Failure};

/// How many records a check through the API covers when it names no range.
const RECENT: u64 = 10_000;
/// The most records that a check through the API covers.
const MOST: u64 = 100_000;

/// The part of a chain to check.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyAudit {
    /// From this place; the last 10,000 records when absent.
    pub from_seq: Option<u64>,
    /// Up to this place; the head when absent.
    pub to_seq: Option<u64>,
}

impl Audit {
    /// Checks part of the chain of the caller's organisation. The check is put on record.
    ///
    /// # Errors
    /// `Argument` for a range that is empty or longer than 100,000 records.
    pub async fn verify(
        &self,
        caller: &Permitted<to::VerifyAudit>,
        range: VerifyAudit,
    ) -> Result<Verification, Failure> {
        let head = self.trail.head(caller.organization()).await?.map_or(0, |head| head.seq);
        let last = range.to_seq.map_or(head, |to| to.min(head));
        let from = range.from_seq.unwrap_or(last.saturating_sub(RECENT - 1));
        if range.from_seq.is_some_and(|from| from > last.max(1)) {
            let rule = Rule::fixed("must not lie behind to_seq or the end of the chain");
            return Err(Failure::Argument(rule.on("from_seq")));
        }
        if last.saturating_sub(from) >= MOST {
            let rule = "must be at most 100000 records after from_seq; the command line checks whole chains";
            return Err(Failure::Argument(Rule::fixed(rule).on("to_seq")));
        }
        let result = self.walk(caller.organization()).check(from.max(1), range.to_seq).await?;
        let event = caller
            .event(
                Action::AuditVerified,
                if result.broken.is_none() { Outcome::Success } else { Outcome::Failed },
            )
            .detail("records", result.events.to_string());
        self.audit.record(vec![event]).await?;
        Ok(result)
    }

    /// Checks a whole chain, for the operator's command line.
    pub async fn verify_chain(&self, organization: &OrganizationId) -> Result<Verification, Failure> {
        Ok(self.walk(organization).check(1, None).await?)
    }

    /// The heads of all chains by ascending organisation, a page at a time, for the operator's command line.
    pub async fn heads(&self, after: Option<OrganizationId>, limit: u32) -> Result<Vec<AuditHead>, Failure> {
        Ok(self.trail.heads(None, after, limit).await?)
    }

    /// Organisations whose records have lost their head. A store that was not changed by hand has none.
    pub async fn headless_chains(&self) -> Result<Vec<OrganizationId>, Failure> {
        Ok(self.trail.headless().await?)
    }

    /// Compares a checkpoint that was kept elsewhere with the chains. A record that the checkpoint names, and
    /// that is missing or different now, was cut off or rewritten.
    pub async fn verify_checkpoint(
        &self,
        checkpoint: &Checkpoint,
    ) -> Result<Vec<(OrganizationId, Break)>, Failure> {
        let mut broken = Vec::new();
        for head in checkpoint.heads() {
            let found = self.walk(&head.organization).mac_at(head.seq).await?;
            let reason = match found {
                Some(mac) if mac == head.mac => continue,
                Some(_) => "the record is not the one that the checkpoint saw",
                None => "the record that the checkpoint saw is missing",
            };
            broken.push((head.organization.clone(), Break { seq: head.seq, reason }));
        }
        Ok(broken)
    }
}
