//! The only writer makes a lease single; SQLite's clock decides when it ends.

use std::time::Duration;

use async_trait::async_trait;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::Text;
use strongroom_domain::{
    Credential, CredentialId, CredentialStatus, Evidence, OrganizationId, RefreshProblem, Sealed,
};
use strongroom_repository::{DueRefresh, Ended, Lease, RefreshLeaseRepository, StoreResult};
use uuid::Uuid;

use crate::SqliteStore;
use crate::columns::{Row, blob, integer, micros};
use crate::credentials::PayloadRow;
use crate::deployment::now;
use crate::failure::{BadColumn, Failure, RowKey};
use crate::schema::{credentials, refresh_leases};

pub(crate) const NEEDS_REAUTH: &str = CredentialStatus::NeedsReauth.as_str();
const PENDING: &str = CredentialStatus::Pending.as_str();
const REJECTED: &str = CredentialStatus::Rejected.as_str();
const VALIDATED: &str = CredentialStatus::Validated.as_str();

/// The attempts to refresh one version of a credential.
#[derive(Queryable, Selectable, Insertable, Default)]
#[diesel(table_name = refresh_leases)]
struct LeaseRow {
    org_id: String,
    credential_id: Vec<u8>,
    version: i64,
    owner: Option<Vec<u8>>,
    held_until: Option<i64>,
    interrupted: bool,
    failures: i64,
    retry_at: Option<i64>,
}

/// Whose lease is asked for.
type Key = (String, Vec<u8>);

fn acquire(
    connection: &mut SqliteConnection,
    key: Key,
    version: i64,
    owner: Uuid,
    length: Duration,
) -> Result<Lease, Failure> {
    let stored = credentials::table.find(key.clone()).select(credentials::version);
    if stored.first(connection).optional()? != Some(version) {
        return Ok(Lease::Moved);
    }
    let now = now(connection)?;
    let known = refresh_leases::table
        .find(key.clone())
        .filter(refresh_leases::version.eq(version))
        .select(LeaseRow::as_select())
        .first(connection)
        .optional()?
        .unwrap_or_default();
    if known.held_until.is_some_and(|end| end > now) {
        return Ok(Lease::Held);
    }
    if let Some(wait) = known.retry_at.filter(|at| *at > now).map(|at| at.abs_diff(now)) {
        return Ok(Lease::NotYet(Duration::from_micros(wait)));
    }
    let row = LeaseRow {
        org_id: key.0,
        credential_id: key.1,
        version,
        // Whoever set it and did not end the attempt was interrupted.
        interrupted: known.interrupted || known.owner.is_some(),
        owner: Some(blob(owner)),
        held_until: Some(now.saturating_add(whole_micros(length))),
        failures: known.failures,
        retry_at: None,
    };
    let failures = u32::try_from(row.failures).unwrap_or(u32::MAX);
    let acquired = Lease::Acquired { failures, interrupted: row.interrupted };
    diesel::replace_into(refresh_leases::table).values(row).execute(connection)?;
    Ok(acquired)
}

#[async_trait]
impl RefreshLeaseRepository for SqliteStore {
    async fn acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        owner: Uuid,
        length: Duration,
    ) -> StoreResult<Lease> {
        let key = (organization.as_str().to_owned(), blob(credential.0));
        let work = move |connection: &mut SqliteConnection| {
            acquire(connection, key, integer(version), owner, length)
        };
        self.database.write(work).await
    }

    async fn store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        expected_version: u64,
        owner: Uuid,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (refreshed.organization.as_str().to_owned(), blob(refreshed.id.0));
        // What `Credential::take_refresh` does, to the row as it is by now.
        let change = (
            credentials::config.eq(refreshed.config.to_canonical_json()),
            credentials::version.eq(integer(refreshed.version)),
            credentials::access_token_expires_at.eq(refreshed.access_token_expires_at.map(micros)),
            credentials::refreshed_at.eq(refreshed.refreshed_at.map(micros)),
            credentials::refresh_at.eq(refreshed.refresh_at.map(micros)),
            credentials::status.eq(case_when(
                credentials::status.eq_any([NEEDS_REAUTH, REJECTED]),
                VALIDATED.into_sql::<Text>(),
            )
            .otherwise(credentials::status)),
            credentials::status_reason.eq(None::<String>),
            PayloadRow::of(sealed),
        );
        let mutation = move |connection: &mut SqliteConnection| {
            let as_expected = credentials::table
                .find(key.clone())
                .filter(credentials::version.eq(integer(expected_version)));
            if diesel::update(as_expected).set(change).execute(connection)? == 0 {
                return Ok(None);
            }
            let ours = refresh_leases::table.find(key).filter(refresh_leases::owner.eq(blob(owner)));
            diesel::delete(ours).execute(connection)?;
            Ok(Some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn fail(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
        retry_after: Duration,
        ended: Ended,
    ) -> StoreResult<()> {
        let key = (organization.as_str().to_owned(), blob(credential.0));
        let work = move |connection: &mut SqliteConnection| {
            let retry_at = now(connection)?.saturating_add(whole_micros(retry_after));
            let ours = refresh_leases::table.find(key).filter(refresh_leases::owner.eq(blob(owner)));
            let change = (
                refresh_leases::owner.eq(None::<Vec<u8>>),
                refresh_leases::held_until.eq(None::<i64>),
                refresh_leases::failures.eq(refresh_leases::failures + i64::from(ended != Ended::NotTried)),
                refresh_leases::retry_at.eq(retry_at),
            );
            // `None` leaves the column alone.
            let lost = (ended == Ended::AnswerLost).then(|| refresh_leases::interrupted.eq(true));
            diesel::update(ours).set((change, lost)).execute(connection)?;
            Ok(())
        };
        self.database.write(work).await
    }

    async fn note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        problem: RefreshProblem,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (key, reason) = ((organization.as_str().to_owned(), blob(credential.0)), problem.as_str());
        let mutation = move |connection: &mut SqliteConnection| {
            let row = credentials::table.find(key).filter(credentials::version.eq(integer(version)));
            let other_reason = credentials::status_reason.is_not(reason);
            let noted = match problem.status().map(CredentialStatus::as_str) {
                Some(status) => diesel::update(row.filter(credentials::status.ne(status).or(other_reason)))
                    .set((
                        credentials::status.eq(status),
                        credentials::status_reason.eq(reason),
                        credentials::refresh_at.eq(None::<i64>),
                    ))
                    .execute(connection)?,
                None => diesel::update(row.filter(credentials::status.ne(NEEDS_REAUTH).and(other_reason)))
                    .set(credentials::status_reason.eq(reason))
                    .execute(connection)?,
            };
            Ok((noted > 0).then_some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn due(&self, limit: u32) -> StoreResult<Vec<DueRefresh>> {
        let work = move |connection: &mut SqliteConnection| {
            let now = now(connection)?;
            let of_this_version = refresh_leases::org_id
                .eq(credentials::org_id)
                .and(refresh_leases::credential_id.eq(credentials::id))
                .and(refresh_leases::version.eq(credentials::version));
            let free = refresh_leases::held_until.is_null().or(refresh_leases::held_until.le(now));
            let ripe = refresh_leases::retry_at.is_null().or(refresh_leases::retry_at.le(now));
            let rows: Vec<(String, Vec<u8>, Option<i64>)> = credentials::table
                .left_join(refresh_leases::table.on(of_this_version))
                .filter(credentials::refresh_at.le(now).and(credentials::status.ne(PENDING)))
                .filter(free.assume_not_null())
                .filter(ripe.assume_not_null())
                .order(credentials::refresh_at)
                .limit(limit.into())
                .select((credentials::org_id, credentials::id, credentials::refresh_at))
                .load(connection)?;
            Ok(rows.into_iter().filter_map(due).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }
}

/// What is due has a time.
fn due((organization, id, at): (String, Vec<u8>, Option<i64>)) -> Option<Result<DueRefresh, BadColumn>> {
    let at = at?;
    let row = Row { table: "credentials", organization: &organization, key: RowKey::Bytes(&id) };
    let read = || {
        Ok(DueRefresh {
            organization: row.organization()?,
            credential: CredentialId(row.uuid("id", &id)?),
            refresh_at: row.time("refresh_at", at)?,
        })
    };
    Some(read())
}

/// Microseconds, as times are stored.
fn whole_micros(length: Duration) -> i64 {
    i64::try_from(length.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX)
}
