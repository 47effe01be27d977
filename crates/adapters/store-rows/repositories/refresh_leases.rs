//! The store's clock is the only one that leases go by. How one is taken, and how an attempt fails, differs
//! between the stores.

use std::time::Duration;

use async_trait::async_trait;
use diesel::dsl::{case_when, row_number};
use diesel::prelude::*;
use diesel::sql_types::Text;
use strongroom_domain::{
    Credential, CredentialId, CredentialStatus, Evidence, OrganizationId, RefreshProblem, Sealed,
};
use strongroom_repository::{DueRefresh, Ended, Lease, RefreshLeaseRepository, StoreResult};
use strongroom_store_rows::schema::{credentials, refresh_leases};
use strongroom_store_rows::{Change, DueRow, Micros, Payload, RowId, sought, stored};
use uuid::Uuid;

use crate::connection::{Connection, RunQueryDsl, statement_now};
use crate::lease_attempts;
use crate::store::Store;

const NEEDS_REAUTH: &str = CredentialStatus::NeedsReauth.as_str();
const PENDING: &str = CredentialStatus::Pending.as_str();

#[async_trait]
impl RefreshLeaseRepository for Store {
    async fn acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        owner: Uuid,
        length: Duration,
    ) -> StoreResult<Lease> {
        lease_attempts::acquire(
            self,
            organization,
            RowId(credential.0),
            sought(version),
            RowId(owner),
            length,
        )
        .await
    }

    async fn end_wait(&self, organization: &OrganizationId, credential: CredentialId) -> StoreResult<()> {
        let key = (organization.as_str().to_owned(), RowId(credential.0));
        self.database
            .alone(async move |connection: &mut Connection| {
                let row = refresh_leases::table.find((&key.0, key.1)).filter(refresh_leases::owner.is_null());
                let no_wait = refresh_leases::retry_at.eq(None::<Micros>);
                diesel::update(row).set(no_wait).execute(connection).await?;
                Ok(())
            })
            .await
    }

    async fn store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        expected_version: u64,
        owner: Uuid,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (refreshed.organization.as_str().to_owned(), RowId(refreshed.id.0));
        let ended = CredentialStatus::ENDED_BY_A_REFRESH.map(CredentialStatus::as_str);
        let status = case_when(
            credentials::status.eq_any(ended),
            CredentialStatus::Validated.as_str().into_sql::<Text>(),
        );
        // What `Credential::take_refresh` does, to the row as it is by now.
        let change = (
            credentials::config.eq(refreshed.config.to_canonical_json()),
            credentials::version.eq(stored(refreshed.version)?),
            credentials::access_token_expires_at.eq(refreshed.access_token_expires_at.map(Micros::from)),
            credentials::grant_expires_at.eq(refreshed.grant_expires_at.map(Micros::from)),
            credentials::refreshed_at.eq(refreshed.refreshed_at.map(Micros::from)),
            credentials::refresh_at.eq(refreshed.refresh_at.map(Micros::from)),
            credentials::status.eq(status.otherwise(credentials::status)),
            credentials::status_reason.eq(None::<String>),
        );
        let (payload, expected) = (Payload::of(sealed), credentials::version.eq(sought(expected_version)));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = credentials::table.find((&key.0, key.1)).filter(expected);
            if diesel::update(row).set((change.clone(), &payload)).execute(connection).await? == 0 {
                return Ok(Change::None);
            }
            let ours = refresh_leases::table.find((&key.0, key.1));
            diesel::delete(ours.filter(refresh_leases::owner.eq(RowId(owner)))).execute(connection).await?;
            Ok(Change::Made)
        })
        .await
    }

    async fn fail(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
        retry_after: Duration,
        ended: Ended,
    ) -> StoreResult<()> {
        lease_attempts::fail(self, organization, RowId(credential.0), RowId(owner), retry_after, ended).await
    }

    async fn note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        problem: RefreshProblem,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (organization.as_str().to_owned(), RowId(credential.0));
        let (version, reason) = (credentials::version.eq(sought(version)), problem.as_str());
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = credentials::table.find((&key.0, key.1)).filter(version);
            let noted = credentials::status_reason.eq(reason);
            let news = credentials::status_reason
                .is_null()
                .or(credentials::status_reason.ne(reason).assume_not_null());
            let written = if let Some(status) = problem.status().map(CredentialStatus::as_str) {
                let change =
                    (credentials::status.eq(status), noted, credentials::refresh_at.eq(None::<Micros>));
                let row = row.filter(credentials::status.ne(status).or(news));
                diesel::update(row).set(change).execute(connection).await?
            } else {
                let row = row.filter(credentials::status.ne(NEEDS_REAUTH).and(news));
                diesel::update(row).set(noted).execute(connection).await?
            };
            Ok(written.into())
        })
        .await
    }

    async fn due(&self, limit: u32) -> StoreResult<Vec<DueRefresh>> {
        let of_this_version = refresh_leases::org_id
            .eq(credentials::org_id)
            .and(refresh_leases::credential_id.eq(credentials::id))
            .and(refresh_leases::version.eq(credentials::version));
        let free = refresh_leases::held_until
            .is_null()
            .or(refresh_leases::held_until.le(statement_now().nullable()).assume_not_null());
        let ripe = refresh_leases::retry_at
            .is_null()
            .or(refresh_leases::retry_at.le(statement_now().nullable()).assume_not_null());
        // The organisations take turns, so that one with many that are due does not hold up the others.
        let turn = row_number().partition_by(credentials::org_id).window_order(credentials::refresh_at);
        let due = credentials::table
            .left_join(refresh_leases::table.on(of_this_version))
            .filter(credentials::refresh_at.le(statement_now().nullable()))
            .filter(credentials::status.ne(PENDING).and(free).and(ripe))
            .order((turn, credentials::refresh_at))
            .limit(i64::from(limit));
        self.database.all(None, due.select(DueRow::as_select())).await
    }
}
