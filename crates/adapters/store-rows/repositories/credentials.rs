use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::{
    AuditEvent, Credential, CredentialId, CredentialStatus, Evidence, OrganizationId, ProviderId, Sealed,
    Slot,
};
use strongroom_repository::{
    CredentialFilter, CredentialRepository, SealedCredential, Selector, StoreError, StoreResult, TestFinding,
};
use strongroom_store_rows::schema::credentials;
use strongroom_store_rows::{
    Change, Changeable, CredentialRow, Labels, Payload, RowId, SealedRow, Tested, sought,
};
use time::OffsetDateTime;

use crate::connection::{Backend, Connection, RunQueryDsl, for_update};
use crate::store::Store;
use crate::{integrations, notes, quota};

const NEEDS_REAUTH: &str = CredentialStatus::NeedsReauth.as_str();

#[async_trait]
impl CredentialRepository for Store {
    async fn insert(
        &self,
        new: &SealedCredential,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let (organization, provider) = (new.credential.organization.clone(), new.credential.provider.clone());
        let row = SealedRow::of(new)?;
        self.mutate(evidence, async move |connection: &mut Connection| {
            quota::take(connection, &organization, &provider, default_limit).await?;
            diesel::insert_into(credentials::table).values(&row).execute(connection).await?;
            Ok(Change::Made)
        })
        .await
        .map(|_| ())
    }

    async fn find(&self, organization: &OrganizationId, id: CredentialId) -> StoreResult<Option<Credential>> {
        let row = credentials::table.find((organization.as_str().to_owned(), RowId(id.0)));
        self.database.one(Some(organization), row.select(CredentialRow::as_select())).await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        filter: &CredentialFilter,
        after: Option<CredentialId>,
        limit: u32,
    ) -> StoreResult<Vec<Credential>> {
        let page =
            filtered(organization, filter, after).order(credentials::id.desc()).limit(i64::from(limit));
        self.database.all(Some(organization), page.select(CredentialRow::as_select())).await
    }

    async fn find_sealed(
        &self,
        organization: &OrganizationId,
        selector: &Selector,
    ) -> StoreResult<Option<SealedCredential>> {
        let own = credentials::table
            .filter(credentials::org_id.eq(organization.as_str().to_owned()))
            .select(SealedRow::as_select());
        match selector {
            Selector::Id(id) => {
                self.database.one(Some(organization), own.filter(credentials::id.eq(RowId(id.0)))).await
            }
            Selector::Slot(slot) => {
                self.database
                    .one(Some(organization), own.filter(credentials::slot.eq(slot.as_str().to_owned())))
                    .await
            }
        }
    }

    async fn find_sealed_many(
        &self,
        organization: &OrganizationId,
        ids: &[CredentialId],
    ) -> StoreResult<Vec<SealedCredential>> {
        let ids: Vec<_> = ids.iter().map(|id| RowId(id.0)).collect();
        let own = credentials::org_id.eq(organization.as_str().to_owned());
        let those = credentials::table.filter(own.and(credentials::id.eq_any(ids)));
        self.database.all(Some(organization), those.select(SealedRow::as_select())).await
    }

    async fn find_sealed_slots(
        &self,
        organization: &OrganizationId,
        slots: &[Slot],
    ) -> StoreResult<Vec<SealedCredential>> {
        let slots: Vec<_> = slots.iter().map(|slot| slot.as_str().to_owned()).collect();
        let own = credentials::org_id.eq(organization.as_str().to_owned());
        let holders = credentials::table.filter(own.and(credentials::slot.eq_any(slots)));
        self.database.all(Some(organization), holders.select(SealedRow::as_select())).await
    }

    async fn replace(
        &self,
        changed: &Credential,
        sealed: &Sealed,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let key = (changed.organization.as_str().to_owned(), RowId(changed.id.0));
        let (changes, payload) = (Changeable::of(changed)?, Payload::of(sealed));
        let unchanged = credentials::revision
            .eq(sought(expected_revision))
            .and(credentials::version.eq(sought(expected_version)));
        let replaced = self.mutate(evidence, async move |connection: &mut Connection| {
            let as_read = credentials::table.find((&key.0, key.1)).filter(unchanged);
            Ok(diesel::update(as_read).set((&changes, &payload)).execute(connection).await?.into())
        });
        if replaced.await? { Ok(()) } else { Err(StoreError::StaleVersion) }
    }

    async fn relabel(
        &self,
        changed: &Credential,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let key = (changed.organization.as_str().to_owned(), RowId(changed.id.0));
        let labels = Labels::of(changed)?;
        let unchanged = credentials::revision
            .eq(sought(expected_revision))
            .and(credentials::version.eq(sought(expected_version)));
        let relabelled = self.mutate(evidence, async move |connection: &mut Connection| {
            let as_read = credentials::table.find((&key.0, key.1)).filter(unchanged);
            Ok(diesel::update(as_read).set(&labels).execute(connection).await?.into())
        });
        if relabelled.await? { Ok(()) } else { Err(StoreError::StaleVersion) }
    }

    async fn record_test(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        version: u64,
        finding: &TestFinding,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (organization.as_str().to_owned(), RowId(id.0));
        let (tested, version) = (Tested::of(finding), credentials::version.eq(sought(version)));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let as_tested = credentials::table.find((&key.0, key.1)).filter(version);
            let lives = as_tested.filter(credentials::status.ne(NEEDS_REAUTH));
            if diesel::update(lives).set(&tested).execute(connection).await? > 0 {
                return Ok(Change::Made);
            }
            let written = diesel::update(as_tested).set(tested.without_status()).execute(connection).await?;
            Ok(written.into())
        })
        .await
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        expected_revision: Option<u64>,
        evidence: Evidence,
        disconnected: AuditEvent,
    ) -> StoreResult<bool> {
        let (organization, id) = (organization.clone(), RowId(id.0));
        let expected = expected_revision.map(sought);
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = credentials::table.find((organization.as_str(), id));
            // The quota comes first in the order of locks, and a credential's provider never changes.
            let provider: Option<String> =
                row.select(credentials::provider).get_result(connection).await.optional()?;
            let Some(provider) = provider else { return Ok(Change::None) };
            quota::give_back(connection, &organization, &provider).await?;
            let revision: Option<i64> =
                for_update!(row.select(credentials::revision)).get_result(connection).await.optional()?;
            let Some(revision) = revision else { return Ok(Change::None) };
            if expected.is_some_and(|expected| expected != revision) {
                return Err(StoreError::StaleVersion.into());
            }
            let released = integrations::release(connection, &organization, id).await?;
            diesel::delete(row).execute(connection).await?;
            Ok(match released {
                Some(integration) => {
                    Change::MadeAnd(Box::new(disconnected.clone().targeting(integration.to_string())))
                }
                None => Change::Made,
            })
        })
        .await
    }

    async fn note_reads(&self, reads: &[(OrganizationId, CredentialId, OffsetDateTime)]) -> StoreResult<()> {
        notes::reads(self, reads).await
    }
}

fn filtered(
    organization: &OrganizationId,
    filter: &CredentialFilter,
    after: Option<CredentialId>,
) -> credentials::BoxedQuery<'static, Backend> {
    let mut query =
        credentials::table.filter(credentials::org_id.eq(organization.as_str().to_owned())).into_boxed();
    if let Some(provider) = &filter.provider {
        query = query.filter(credentials::provider.eq(provider.as_str().to_owned()));
    }
    if let Some(status) = filter.status {
        query = query.filter(credentials::status.eq(status.as_str()));
    }
    if let Some(name) = &filter.name {
        query = query.filter(credentials::name.eq(name.as_str().to_owned()));
    }
    if let Some(slot) = &filter.slot {
        query = query.filter(credentials::slot.eq(slot.as_str().to_owned()));
    }
    if let Some(providers) = &filter.reach.providers {
        let providers: Vec<_> = providers.iter().map(ProviderId::as_str).map(str::to_owned).collect();
        query = query.filter(credentials::provider.eq_any(providers));
    }
    if let Some(ids) = &filter.reach.credentials {
        query = query.filter(credentials::id.eq_any(ids.iter().map(|id| RowId(id.0)).collect::<Vec<_>>()));
    }
    if let Some(after) = after {
        query = query.filter(credentials::id.lt(RowId(after.0)));
    }
    query
}
