use std::collections::BTreeMap;

use async_trait::async_trait;
use strongroom_domain::audit::{AuditHead, AuditRecord};
use strongroom_domain::{AuditEvent, OrganizationId};
use strongroom_repository::{
    Appended, AuditFilter, AuditPage, AuditTrail, Contention, StoreError, StoreResult,
};
use strongroom_vault::{Purpose, PurposeKeys};
use time::OffsetDateTime;

use crate::rows::{at_most, fit_columns};
use crate::{Call, FakeStore};

/// The audit chain of every organisation that has one.
#[derive(Debug, Default)]
pub(crate) struct Chains(BTreeMap<OrganizationId, Chain>);

#[derive(Debug)]
struct Chain {
    head: AuditHead,
    records: Vec<AuditRecord>,
    updated_at: OffsetDateTime,
}

impl Chains {
    /// Appends events to their chains, all or none, and returns their places.
    pub(crate) fn extend(
        &mut self,
        keys: &dyn PurposeKeys,
        now: OffsetDateTime,
        events: &[AuditEvent],
    ) -> StoreResult<Vec<u64>> {
        let key = keys.current(Purpose::Audit);
        let mut heads: BTreeMap<&OrganizationId, AuditHead> = BTreeMap::new();
        let mut records = Vec::new();
        for event in events {
            let organization = &event.organization;
            fit_columns(event.version)?;
            let head = heads.entry(organization).or_insert_with(|| self.head_or_genesis(organization));
            head.extend(event, now, |message| keys.digest(Purpose::Audit, key, message))
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            let (seq, mac, event) = (head.seq, head.mac, event.clone());
            records.push(AuditRecord { seq, at: now, event, mac_key: key, mac });
        }
        for (organization, head) in heads {
            let chain = self.0.entry(organization.clone()).or_insert_with(|| Chain {
                head: AuditHead::genesis(organization.clone()),
                records: Vec::new(),
                updated_at: now,
            });
            (chain.head, chain.updated_at) = (head, now);
        }
        let places = records.iter().map(|record| record.seq).collect();
        for record in records {
            if let Some(chain) = self.0.get_mut(&record.event.organization) {
                chain.records.push(record);
            }
        }
        Ok(places)
    }

    /// The records of an organisation in ascending order of their places.
    pub(crate) fn records(&self, organization: &OrganizationId) -> &[AuditRecord] {
        self.0.get(organization).map(|chain| chain.records.as_slice()).unwrap_or_default()
    }

    fn head(&self, organization: &OrganizationId) -> Option<AuditHead> {
        self.0.get(organization).map(|chain| chain.head.clone())
    }

    fn head_or_genesis(&self, organization: &OrganizationId) -> AuditHead {
        self.head(organization).unwrap_or_else(|| AuditHead::genesis(organization.clone()))
    }
}

fn matches(filter: &AuditFilter, record: &AuditRecord) -> bool {
    let event = &record.event;
    filter.credential.is_none_or(|credential| event.credential == Some(credential))
        && filter.actor.as_ref().is_none_or(|actor| event.actor.as_str() == actor.as_str())
        && filter.action.is_none_or(|action| event.action == action)
        && filter.from.is_none_or(|from| record.at >= from)
        && filter.to.is_none_or(|to| record.at < to)
}

#[async_trait]
impl AuditTrail for FakeStore {
    /// Never returns `Skipped`, because every writer locks all chains at once.
    async fn append(&self, events: &[AuditEvent], _contention: Contention) -> StoreResult<Vec<Appended>> {
        let places = self.append_events(events).await?;
        Ok(places.into_iter().map(|seq| Appended::Durable { seq }).collect())
    }

    async fn query(
        &self,
        organization: &OrganizationId,
        filter: &AuditFilter,
        page: AuditPage,
    ) -> StoreResult<Vec<AuditRecord>> {
        self.read(Call::QueryAudit, |state, _| {
            let newest_first = state.chains.records(organization).iter().rev();
            newest_first
                .filter(|record| page.before.is_none_or(|before| record.seq < before))
                .filter(|record| matches(filter, record))
                .take(at_most(page.limit))
                .cloned()
                .collect()
        })
        .await
    }

    async fn range(
        &self,
        organization: &OrganizationId,
        from_seq: u64,
        limit: u32,
    ) -> StoreResult<Vec<AuditRecord>> {
        self.read(Call::AuditRange, |state, _| {
            let records = state.chains.records(organization).iter();
            records.filter(|record| record.seq >= from_seq).take(at_most(limit)).cloned().collect()
        })
        .await
    }

    async fn head(&self, organization: &OrganizationId) -> StoreResult<Option<AuditHead>> {
        self.read(Call::AuditHead, |state, _| state.chains.head(organization)).await
    }

    async fn heads(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> StoreResult<Vec<AuditHead>> {
        self.read(Call::AuditHeads, |state, _| {
            let by_organization = state.chains.0.values();
            by_organization
                .filter(|chain| since.is_none_or(|since| chain.updated_at >= since))
                .filter(|chain| after.as_ref().is_none_or(|after| chain.head.organization > *after))
                .take(at_most(limit))
                .map(|chain| chain.head.clone())
                .collect()
        })
        .await
    }

    /// Returns none, because a chain and its head are one value here.
    async fn headless(&self) -> StoreResult<Vec<OrganizationId>> {
        self.read(Call::Headless, |_, _| Vec::new()).await
    }
}
