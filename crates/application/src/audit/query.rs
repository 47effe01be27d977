//! Reads the audit trail of an organisation.

use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Operation, Outcome};
use strongroom_repository::{AuditFilter, AuditPage};

use crate::{Application, Caller, Failure};

/// Which records to show, and where to go on.
#[derive(Debug, Default)]
pub struct QueryAudit {
    /// Which records.
    pub filter: AuditFilter,
    /// Only records below this place.
    pub before: Option<u64>,
    /// At most so many, 1 to 500.
    pub limit: u32,
}

impl Application {
    /// Records of the caller's organisation, newest first, and whether there are more. The reading is put
    /// on record too.
    pub async fn query_audit(
        &self,
        caller: &Caller,
        query: QueryAudit,
    ) -> Result<(Vec<AuditRecord>, bool), Failure> {
        self.permit(caller, Operation::QueryAudit)?;
        // A refusal is answered before it is on record; whoever asks after it finds it all the same.
        self.audit_writer.catch_up().await;
        let limit = query.limit.clamp(1, 500);
        let page = AuditPage { before: query.before, limit: limit + 1 };
        let mut records = self.ports.audit.query(caller.organization(), &query.filter, page).await?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let event =
            caller.event(Action::AuditQueried, Outcome::Success).detail("records", records.len().to_string());
        self.audit_writer.record(vec![event]).await?;
        Ok((records, more))
    }
}
