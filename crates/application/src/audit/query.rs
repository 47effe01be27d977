//! Reads the audit trail of an organisation.

use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Outcome};
use strongroom_repository::{AuditFilter, AuditPage};

use super::Audit;
use crate::Failure;
use crate::ground::{Permitted, to};

/// The records to return, and the place where the query continues.
#[derive(Debug, Default)]
pub struct QueryAudit {
    /// Which records.
    pub filter: AuditFilter,
    /// Only records below this place.
    pub before: Option<u64>,
    /// At most this many records, 1 to 500.
    pub limit: u32,
}

impl Audit {
    /// Returns records of the caller's organisation, newest first, and whether there are more. The query
    /// itself is put on record too.
    pub async fn query(
        &self,
        caller: &Permitted<to::QueryAudit>,
        query: QueryAudit,
    ) -> Result<(Vec<AuditRecord>, bool), Failure> {
        // A refusal is answered before it is on record. This waits until it is, so that a later query finds
        // it.
        self.audit.catch_up(caller.organization()).await;
        let limit = query.limit.clamp(1, 500);
        let page = AuditPage { before: query.before, limit: limit + 1 };
        let mut records = self.trail.query(caller.organization(), &query.filter, page).await?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let event =
            caller.event(Action::AuditQueried, Outcome::Success).detail("records", records.len().to_string());
        self.audit.record(vec![event]).await?;
        Ok((records, more))
    }
}
