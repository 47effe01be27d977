use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{AuditEvent, OrganizationId};
use strongroom_repository::{Appended, AuditFilter, AuditPage, AuditTrail, Contention, StoreResult};
use strongroom_store_rows::schema::{audit_events, audit_heads};
use strongroom_store_rows::{EventRow, HeadRow, HeadlessRow, Micros, RowId, bound};
use time::OffsetDateTime;

use crate::audit_append;
use crate::connection::Backend;
use crate::store::Store;

#[async_trait]
impl AuditTrail for Store {
    async fn append(&self, events: &[AuditEvent], contention: Contention) -> StoreResult<Vec<Appended>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        audit_append::append(self, events, contention).await
    }

    async fn query(
        &self,
        organization: &OrganizationId,
        filter: &AuditFilter,
        page: AuditPage,
    ) -> StoreResult<Vec<AuditRecord>> {
        let mut query = filtered(organization, filter);
        if let Some(before) = page.before {
            query = query.filter(audit_events::seq.lt(bound(before)));
        }
        let page = query.order(audit_events::seq.desc()).limit(i64::from(page.limit));
        self.database.all(None, page.select(EventRow::as_select())).await
    }

    async fn range(
        &self,
        organization: &OrganizationId,
        from_seq: u64,
        limit: u32,
    ) -> StoreResult<Vec<AuditRecord>> {
        let of_organization = audit_events::org_id.eq(organization.as_str().to_owned());
        let range = audit_events::table
            .filter(of_organization.and(audit_events::seq.ge(bound(from_seq))))
            .order(audit_events::seq)
            .limit(i64::from(limit));
        self.database.all(None, range.select(EventRow::as_select())).await
    }

    async fn head(&self, organization: &OrganizationId) -> StoreResult<Option<AuditHead>> {
        let head = audit_heads::table.find(organization.as_str().to_owned()).filter(audit_heads::seq.gt(0));
        self.database.one(None, head.select(HeadRow::as_select())).await
    }

    async fn heads(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> StoreResult<Vec<AuditHead>> {
        let mut query = audit_heads::table.filter(audit_heads::seq.gt(0)).into_boxed::<Backend>();
        if let Some(since) = since {
            query = query.filter(audit_heads::updated_at.ge(Micros::from(since)));
        }
        if let Some(after) = after {
            query = query.filter(audit_heads::org_id.gt(after.as_str().to_owned()));
        }
        let page = query.order(audit_heads::org_id).limit(i64::from(limit));
        self.database.all(None, page.select(HeadRow::as_select())).await
    }

    async fn headless(&self) -> StoreResult<Vec<OrganizationId>> {
        let head = audit_heads::table
            .filter(audit_heads::org_id.eq(audit_events::org_id).and(audit_heads::seq.gt(0)));
        let headless = audit_events::table.filter(diesel::dsl::not(diesel::dsl::exists(head)));
        self.database.all(None, headless.select(HeadlessRow::as_select()).distinct().limit(100)).await
    }
}

fn filtered(
    organization: &OrganizationId,
    filter: &AuditFilter,
) -> audit_events::BoxedQuery<'static, Backend> {
    let mut query =
        audit_events::table.filter(audit_events::org_id.eq(organization.as_str().to_owned())).into_boxed();
    if let Some(credential) = filter.credential {
        query = query.filter(audit_events::credential_id.eq(RowId(credential.0)));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_events::actor.eq(actor.as_str().to_owned()));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit_events::action.eq(action.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::at.ge(Micros::from(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::at.lt(Micros::from(to)));
    }
    query
}
