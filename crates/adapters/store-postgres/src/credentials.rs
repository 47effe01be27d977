use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use strongroom_domain::{
    AuditEvent, Credential, CredentialId, Evidence, OrganizationId, ProviderId, Sealed, Slot,
};
use strongroom_repository::{
    CredentialFilter, CredentialRepository, SealedCredential, Selector, StoreError, StoreResult, TestFinding,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::audit_chain;
use crate::bad_row::stored_counter;
use crate::credential_row::{Changeable, CredentialRow, NewCredential, Payload, SealedRow, Tested};
use crate::failure::{Failure, OPERATION_LIMIT, found_within, within};
use crate::refresh_leases::NEEDS_REAUTH;
use crate::schema::{credentials, credentials::dsl};
use crate::{integrations, quota};

/// Rows are locked in the order of their keys, so that two instances noting the same rows never deadlock.
const NOTE_READS: &str = "
    UPDATE credentials AS c SET last_read_at = greatest(c.last_read_at, noted.at)
    FROM (
        SELECT c.org_id, c.id, n.at
        FROM credentials AS c JOIN unnest($1, $2, $3) AS n (org_id, id, at) ON c.org_id = n.org_id AND c.id = n.id
        ORDER BY c.org_id, c.id FOR UPDATE OF c
    ) AS noted
    WHERE c.org_id = noted.org_id AND c.id = noted.id";

#[async_trait]
impl CredentialRepository for PostgresStore {
    async fn insert(
        &self,
        new: &SealedCredential,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<()> {
        within(OPERATION_LIMIT, || self.try_insert(new, default_limit, &evidence)).await
    }

    async fn find(&self, organization: &OrganizationId, id: CredentialId) -> StoreResult<Option<Credential>> {
        within(OPERATION_LIMIT, || async {
            let (_turn, mut connection) = self.database.checkout_to_read(organization).await?;
            let row = dsl::credentials
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::id.eq(id.0)))
                .select(CredentialRow::as_select())
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(CredentialRow::read).transpose()?)
        })
        .await
    }

    async fn list(
        &self,
        organization: &OrganizationId,
        filter: &CredentialFilter,
        after: Option<CredentialId>,
        limit: u32,
    ) -> StoreResult<Vec<Credential>> {
        within(OPERATION_LIMIT, || async {
            let (_turn, mut connection) = self.database.checkout_to_read(organization).await?;
            let rows: Vec<CredentialRow> = filtered(organization, filter, after)
                .order(dsl::id.desc())
                .limit(i64::from(limit))
                .select(CredentialRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(CredentialRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn find_sealed(
        &self,
        organization: &OrganizationId,
        selector: &Selector,
    ) -> StoreResult<Option<SealedCredential>> {
        within(OPERATION_LIMIT, || async {
            let (_turn, mut connection) = self.database.checkout_to_read(organization).await?;
            let own =
                dsl::credentials.filter(dsl::org_id.eq(organization.as_str())).select(SealedRow::as_select());
            let row = match selector {
                Selector::Id(id) => own.filter(dsl::id.eq(id.0)).get_result(&mut *connection).await,
                Selector::Slot(slot) => {
                    own.filter(dsl::slot.eq(slot.as_str())).get_result(&mut *connection).await
                }
            };
            Ok(row.optional()?.map(SealedRow::read).transpose()?)
        })
        .await
    }

    async fn find_sealed_many(
        &self,
        organization: &OrganizationId,
        ids: &[CredentialId],
    ) -> StoreResult<Vec<SealedCredential>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        within(OPERATION_LIMIT, || async {
            let (_turn, mut connection) = self.database.checkout_to_read(organization).await?;
            let rows: Vec<SealedRow> = dsl::credentials
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::id.eq_any(&ids)))
                .select(SealedRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(SealedRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn find_sealed_slots(
        &self,
        organization: &OrganizationId,
        slots: &[Slot],
    ) -> StoreResult<Vec<SealedCredential>> {
        let slots: Vec<&str> = slots.iter().map(Slot::as_str).collect();
        within(OPERATION_LIMIT, || async {
            let (_turn, mut connection) = self.database.checkout_to_read(organization).await?;
            let rows: Vec<SealedRow> = dsl::credentials
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::slot.eq_any(&slots)))
                .select(SealedRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(SealedRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn replace<'a>(
        &self,
        changed: &Credential,
        sealed: Option<&'a Sealed>,
        expected_revision: u64,
        expected_version: u64,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let expected = (stored_counter(expected_revision)?, stored_counter(expected_version)?);
        within(OPERATION_LIMIT, || self.try_replace(changed, sealed, expected, &evidence)).await
    }

    async fn record_test(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        version: u64,
        finding: &TestFinding,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let version = stored_counter(version)?;
        found_within(OPERATION_LIMIT, || self.try_record_test(organization, id, version, finding, &evidence))
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
        let expected = expected_revision.map(stored_counter).transpose()?;
        let told = (evidence, disconnected);
        found_within(OPERATION_LIMIT, || self.try_delete(organization, id, expected, &told)).await
    }

    async fn note_reads(&self, reads: &[(OrganizationId, CredentialId, OffsetDateTime)]) -> StoreResult<()> {
        let mut latest = BTreeMap::new();
        for (organization, id, at) in reads {
            let noted = latest.entry((organization.as_str(), id.0)).or_insert(*at);
            *noted = (*noted).max(*at);
        }
        if latest.is_empty() {
            return Ok(());
        }
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            diesel::sql_query(NOTE_READS)
                .bind::<Array<Text>, _>(
                    latest.keys().map(|(organization, _)| *organization).collect::<Vec<_>>(),
                )
                .bind::<Array<SqlUuid>, _>(latest.keys().map(|(_, id)| *id).collect::<Vec<_>>())
                .bind::<Array<Timestamptz>, _>(latest.values().copied().collect::<Vec<_>>())
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }
}

impl PostgresStore {
    async fn try_insert(
        &self,
        new: &SealedCredential,
        limit: u32,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let row = NewCredential::of(new)?;
        let (_turn, mut connection) = self.database.checkout_in_turn(&new.credential.organization).await?;
        connection
            .transaction(async |connection| {
                let credential = &new.credential;
                quota::take(connection, &credential.organization, &credential.provider, limit).await?;
                diesel::insert_into(dsl::credentials).values(&row).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_replace(
        &self,
        changed: &Credential,
        sealed: Option<&Sealed>,
        (revision, version): (i64, i64),
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let changes = Changeable::of(changed)?;
        let payload = sealed.map(Payload::of);
        let (_turn, mut connection) = self.database.checkout_in_turn(&changed.organization).await?;
        connection
            .transaction(async |connection| {
                let as_read = dsl::credentials
                    .filter(dsl::org_id.eq(changed.organization.as_str()).and(dsl::id.eq(changed.id.0)))
                    .filter(dsl::revision.eq(revision).and(dsl::version.eq(version)));
                if diesel::update(as_read).set((&changes, payload.as_ref())).execute(connection).await? == 0 {
                    return Err(StoreError::StaleVersion.into());
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_record_test(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        version: i64,
        finding: &TestFinding,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let tested = Tested::of(finding);
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let as_tested = dsl::credentials
                    .filter(dsl::org_id.eq(organization.as_str()).and(dsl::id.eq(id.0)))
                    .filter(dsl::version.eq(version));
                let lives = as_tested.filter(dsl::status.ne(NEEDS_REAUTH));
                if diesel::update(lives).set(&tested).execute(connection).await? == 0
                    && diesel::update(as_tested).set(tested.without_status()).execute(connection).await? == 0
                {
                    return Err(Failure::Absent);
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_delete(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        expected: Option<i64>,
        (evidence, disconnected): &(Evidence, AuditEvent),
    ) -> Result<(), Failure> {
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let this =
                    dsl::credentials.filter(dsl::org_id.eq(organization.as_str()).and(dsl::id.eq(id.0)));
                // The quota comes first in the lock order, and a credential's provider never changes.
                let provider: Option<String> =
                    this.select(dsl::provider).get_result(connection).await.optional()?;
                quota::give_back(connection, organization, provider.as_deref().ok_or(Failure::Absent)?)
                    .await?;
                let revision: Option<i64> =
                    this.select(dsl::revision).for_update().get_result(connection).await.optional()?;
                let revision = revision.ok_or(Failure::Absent)?;
                if expected.is_some_and(|expected| expected != revision) {
                    return Err(StoreError::StaleVersion.into());
                }
                let mut evidence = evidence.clone();
                if let Some(integration) = integrations::release(connection, organization, id).await? {
                    evidence = evidence.and(disconnected.clone().targeting(integration.to_string()));
                }
                diesel::delete(this).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), &evidence).await
            })
            .await
    }
}

fn filtered<'f>(
    organization: &'f OrganizationId,
    filter: &'f CredentialFilter,
    after: Option<CredentialId>,
) -> credentials::BoxedQuery<'f, diesel::pg::Pg> {
    let mut query = dsl::credentials.filter(dsl::org_id.eq(organization.as_str())).into_boxed();
    if let Some(provider) = &filter.provider {
        query = query.filter(dsl::provider.eq(provider.as_str()));
    }
    if let Some(status) = filter.status {
        query = query.filter(dsl::status.eq(status.as_str()));
    }
    if let Some(name) = &filter.name {
        query = query.filter(dsl::name.eq(name.as_str()));
    }
    if let Some(slot) = &filter.slot {
        query = query.filter(dsl::slot.eq(slot.as_str()));
    }
    if let Some(providers) = &filter.reach.providers {
        query =
            query.filter(dsl::provider.eq_any(providers.iter().map(ProviderId::as_str).collect::<Vec<_>>()));
    }
    if let Some(ids) = &filter.reach.credentials {
        query = query.filter(dsl::id.eq_any(ids.iter().map(|id| id.0).collect::<Vec<_>>()));
    }
    if let Some(after) = after {
        query = query.filter(dsl::id.lt(after.0));
    }
    query
}
