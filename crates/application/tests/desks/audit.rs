//! The audit trail: what queries return, what checks find, and what the writer promises.

mod chains;
mod checkpoints;
mod querying;
mod stopping;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_application::{Application, Failure, OpenedCredential, Selector, to};
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{AuditEvent, CredentialId, OrganizationId};
use strongroom_fake_store::FakeStore;
use strongroom_repository::{Appended, AuditFilter, AuditPage, AuditTrail, Contention, StoreResult};
use time::OffsetDateTime;

use crate::house::{House, acme, admitted, engine, member};

async fn read(app: &Application, id: CredentialId) -> Result<OpenedCredential, Failure> {
    app.credentials.read(&admitted(app, &engine()), Selector::Id(id), None).await
}

/// Makes the gate refuse an operation to a member.
fn refuse(app: &Application) {
    assert!(app.access.admit::<to::QueryAudit>(member()).is_err());
}

/// The audit trail of a house in which another transaction holds the chain of acme. A call that waits for the
/// chain waits for `waits`.
fn contended(house: &House, waits: Duration) -> Arc<Contended> {
    Arc::new(Contended { trail: Arc::new(house.store.clone()), waits })
}

struct Contended {
    trail: Arc<FakeStore>,
    waits: Duration,
}

#[async_trait]
impl AuditTrail for Contended {
    async fn append(&self, events: &[AuditEvent], contention: Contention) -> StoreResult<Vec<Appended>> {
        if contention == Contention::Wait {
            tokio::time::sleep(self.waits).await;
            return self.trail.append(events, contention).await;
        }
        let mut outcomes = Vec::new();
        for event in events {
            match event.organization == acme() {
                true => outcomes.push(Appended::Skipped),
                false => outcomes.extend(self.trail.append(std::slice::from_ref(event), contention).await?),
            }
        }
        Ok(outcomes)
    }

    async fn query(
        &self,
        organization: &OrganizationId,
        filter: &AuditFilter,
        page: AuditPage,
    ) -> StoreResult<Vec<AuditRecord>> {
        self.trail.query(organization, filter, page).await
    }

    async fn range(
        &self,
        organization: &OrganizationId,
        from: u64,
        limit: u32,
    ) -> StoreResult<Vec<AuditRecord>> {
        self.trail.range(organization, from, limit).await
    }

    async fn head(&self, organization: &OrganizationId) -> StoreResult<Option<AuditHead>> {
        self.trail.head(organization).await
    }

    async fn heads(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> StoreResult<Vec<AuditHead>> {
        self.trail.heads(since, after, limit).await
    }

    async fn headless(&self) -> StoreResult<Vec<OrganizationId>> {
        self.trail.headless().await
    }
}
