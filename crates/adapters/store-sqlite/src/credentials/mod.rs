mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error;
use strongroom_domain::{AuditEvent, Credential, CredentialId, Evidence, OrganizationId, Sealed, Slot};
use strongroom_repository::{
    CredentialFilter, CredentialRepository, SealedCredential, Selector, StoreError, StoreResult, TestFinding,
    Unique,
};
use time::OffsetDateTime;

use crate::columns::{blob, integer, micros};
use crate::failure::{Failure, violated};
use crate::refresh_leases::NEEDS_REAUTH;
use crate::schema::credentials;
use crate::{SqliteStore, audit, integrations, quota};
pub(crate) use rows::{ChangedColumns, CredentialRow, PayloadRow};
use rows::{TestedColumns, sealed};

/// Which unique value an insert collided with.
fn taken(error: Error) -> Failure {
    match violated(&error) {
        Some(columns) if columns.contains("credentials.slot") => StoreError::Duplicate(Unique::Slot).into(),
        Some(_) => StoreError::Duplicate(Unique::Id).into(),
        None => error.into(),
    }
}

fn list(
    connection: &mut SqliteConnection,
    organization: String,
    filter: CredentialFilter,
    after: Option<CredentialId>,
    limit: u32,
) -> Result<Vec<Credential>, Failure> {
    let mut query = credentials::table
        .filter(credentials::org_id.eq(organization))
        .select(CredentialRow::as_select())
        .order(credentials::id.desc())
        .limit(limit.into())
        .into_boxed();
    if let Some(provider) = filter.provider {
        query = query.filter(credentials::provider.eq(provider.as_str().to_owned()));
    }
    if let Some(status) = filter.status {
        query = query.filter(credentials::status.eq(status.as_str()));
    }
    if let Some(name) = filter.name {
        query = query.filter(credentials::name.eq(name.as_str().to_owned()));
    }
    if let Some(slot) = filter.slot {
        query = query.filter(credentials::slot.eq(slot.as_str().to_owned()));
    }
    if let Some(providers) = filter.reach.providers {
        let providers = providers.iter().map(|provider| provider.as_str().to_owned());
        query = query.filter(credentials::provider.eq_any(providers.collect::<Vec<_>>()));
    }
    if let Some(ids) = filter.reach.credentials {
        query = query.filter(credentials::id.eq_any(ids.iter().map(|id| blob(id.0)).collect::<Vec<_>>()));
    }
    if let Some(after) = after {
        query = query.filter(credentials::id.lt(blob(after.0)));
    }
    let rows = query.load(connection)?;
    Ok(rows.into_iter().map(CredentialRow::into_credential).collect::<Result<_, _>>()?)
}

/// Stores a new credential; its place in the quota is the caller's to take.
pub(crate) fn insert(connection: &mut SqliteConnection, new: &SealedCredential) -> Result<(), Failure> {
    let row = (CredentialRow::of(&new.credential), PayloadRow::of(&new.sealed));
    diesel::insert_into(credentials::table).values(row).execute(connection).map_err(taken)?;
    Ok(())
}

/// Removes a credential that no connection uses, and says whether there was one.
fn delete(
    connection: &mut SqliteConnection,
    organization: &str,
    id: &[u8],
    expected_revision: Option<u64>,
) -> Result<bool, Failure> {
    let row = credentials::table.find((organization, id));
    let stored: Option<(String, i64)> =
        row.select((credentials::provider, credentials::revision)).first(connection).optional()?;
    let Some((provider, revision)) = stored else { return Ok(false) };
    if expected_revision.is_some_and(|expected| integer(expected) != revision) {
        return Err(StoreError::StaleVersion.into());
    }
    quota::give_back(connection, organization, &provider)?;
    diesel::delete(row).execute(connection)?;
    Ok(true)
}

#[async_trait]
impl CredentialRepository for SqliteStore {
    async fn insert(
        &self,
        new: &SealedCredential,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let new = new.clone();
        let mutation = move |connection: &mut SqliteConnection| {
            let (organization, provider) = (&new.credential.organization, &new.credential.provider);
            quota::take(connection, organization.as_str(), provider.as_str(), default_limit)?;
            insert(connection, &new).map(Some)
        };
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn find(&self, organization: &OrganizationId, id: CredentialId) -> StoreResult<Option<Credential>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let query =
                credentials::table.find((organization, blob(id.0))).select(CredentialRow::as_select());
            Ok(query.first(connection).optional()?.map(CredentialRow::into_credential).transpose()?)
        };
        self.database.read(work).await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        filter: &CredentialFilter,
        after: Option<CredentialId>,
        limit: u32,
    ) -> StoreResult<Vec<Credential>> {
        let (organization, filter) = (organization.as_str().to_owned(), filter.clone());
        self.database.read(move |connection| list(connection, organization, filter, after, limit)).await
    }

    async fn find_sealed(
        &self,
        organization: &OrganizationId,
        selector: &Selector,
    ) -> StoreResult<Option<SealedCredential>> {
        let (organization, selector) = (organization.as_str().to_owned(), selector.clone());
        let work = move |connection: &mut SqliteConnection| {
            let ours = credentials::table
                .filter(credentials::org_id.eq(organization))
                .select((CredentialRow::as_select(), PayloadRow::as_select()));
            let found = match selector {
                Selector::Id(id) => ours.filter(credentials::id.eq(blob(id.0))).first(connection),
                Selector::Slot(slot) => ours.filter(credentials::slot.eq(slot.as_str())).first(connection),
            };
            Ok(found.optional()?.map(sealed).transpose()?)
        };
        self.database.read(work).await
    }

    async fn find_sealed_many(
        &self,
        organization: &OrganizationId,
        ids: &[CredentialId],
    ) -> StoreResult<Vec<SealedCredential>> {
        let organization = organization.as_str().to_owned();
        let ids: Vec<_> = ids.iter().map(|id| blob(id.0)).collect();
        let work = move |connection: &mut SqliteConnection| {
            let ours = credentials::table.filter(credentials::org_id.eq(organization));
            let columns = (CredentialRow::as_select(), PayloadRow::as_select());
            let rows = ours.filter(credentials::id.eq_any(ids)).select(columns).load(connection)?;
            Ok(rows.into_iter().map(sealed).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }

    async fn find_sealed_slots(
        &self,
        organization: &OrganizationId,
        slots: &[Slot],
    ) -> StoreResult<Vec<SealedCredential>> {
        let organization = organization.as_str().to_owned();
        let slots: Vec<_> = slots.iter().map(|slot| slot.as_str().to_owned()).collect();
        let work = move |connection: &mut SqliteConnection| {
            let ours = credentials::table.filter(credentials::org_id.eq(organization));
            let columns = (CredentialRow::as_select(), PayloadRow::as_select());
            let rows = ours.filter(credentials::slot.eq_any(slots)).select(columns).load(connection)?;
            Ok(rows.into_iter().map(sealed).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }

    async fn replace<'a>(
        &self,
        changed: &Credential,
        sealed: Option<&'a Sealed>,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let key = (changed.organization.as_str().to_owned(), blob(changed.id.0));
        let change = (ChangedColumns::of(changed), sealed.map(PayloadRow::of));
        let mutation = move |connection: &mut SqliteConnection| {
            let unchanged = credentials::revision
                .eq(integer(expected_revision))
                .and(credentials::version.eq(integer(expected_version)));
            let row = credentials::table.find(key).filter(unchanged);
            match diesel::update(row).set(change).execute(connection)? {
                0 => Err(StoreError::StaleVersion.into()),
                _ => Ok(Some(())),
            }
        };
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn record_test(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        version: u64,
        finding: &TestFinding,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (organization.as_str().to_owned(), blob(id.0));
        let change = TestedColumns::of(finding);
        let mutation = move |connection: &mut SqliteConnection| {
            let row = credentials::table.find(key).filter(credentials::version.eq(integer(version)));
            let lives = row.clone().filter(credentials::status.ne(NEEDS_REAUTH));
            let unchanged = change.without_status();
            let tested = match diesel::update(lives).set(change).execute(connection)? {
                0 => diesel::update(row).set(unchanged).execute(connection)?,
                tested => tested,
            };
            Ok((tested > 0).then_some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        expected_revision: Option<u64>,
        evidence: Evidence,
        disconnected: AuditEvent,
    ) -> StoreResult<bool> {
        let (organization, keys) = (organization.as_str().to_owned(), Arc::clone(&self.keys));
        let id = blob(id.0);
        let work = move |connection: &mut SqliteConnection| {
            let released = integrations::release(connection, &organization, &id)?;
            if !delete(connection, &organization, &id, expected_revision)? {
                return Ok(false);
            }
            let disconnected = released.map(|integration| disconnected.targeting(integration.to_string()));
            audit::record(connection, &*keys, evidence.events().chain(&disconnected))?;
            Ok(true)
        };
        self.database.write(work).await
    }

    async fn note_reads(&self, reads: &[(OrganizationId, CredentialId, OffsetDateTime)]) -> StoreResult<()> {
        if reads.is_empty() {
            return Ok(());
        }
        let reads = reads.to_vec();
        let work = move |connection: &mut SqliteConnection| {
            for (organization, id, at) in &reads {
                let earlier =
                    credentials::last_read_at.is_null().or(credentials::last_read_at.lt(micros(*at)));
                let row = credentials::table.find((organization.as_str(), blob(id.0)));
                diesel::update(row.filter(earlier.assume_not_null()))
                    .set(credentials::last_read_at.eq(micros(*at)))
                    .execute(connection)?;
            }
            Ok(())
        };
        self.database.write(work).await
    }
}
