//! The server's clock is the only one, and is read when a row has been waited for.

use std::time::Duration;

use async_trait::async_trait;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use strongroom_domain::{
    Credential, CredentialId, CredentialStatus, Evidence, OrganizationId, RefreshProblem, Sealed,
};
use strongroom_repository::{DueRefresh, Ended, Lease, RefreshLeaseRepository, StoreResult};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::audit_chain;
use crate::bad_row::{RowName, stored_counter};
use crate::credential_row::Payload;
use crate::failure::{Failure, OPERATION_LIMIT, found_within, within};
use crate::schema::{
    clock_timestamp, credentials::dsl, refresh_leases, refresh_leases::dsl as lease, statement_timestamp,
};

/// Takes a lease if it is free. No row means that somebody holds it or that the next attempt is not due. Whoever set
/// `owner` and did not end the attempt was interrupted.
const ACQUIRE: &str = "
    INSERT INTO refresh_leases AS stored (org_id, credential_id, version, owner, held_until, interrupted, failures)
    VALUES ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 us', false, 0)
    ON CONFLICT (org_id, credential_id) DO UPDATE SET
        version = $3, owner = $4, held_until = clock_timestamp() + $5 * interval '1 us', retry_at = NULL,
        interrupted = stored.version = $3 AND (stored.interrupted OR stored.owner IS NOT NULL),
        failures = CASE WHEN stored.version = $3 THEN stored.failures ELSE 0 END
    WHERE stored.version <> $3
        OR coalesce(stored.held_until <= clock_timestamp(), true) AND coalesce(stored.retry_at <= clock_timestamp(), true)
    RETURNING failures, interrupted";

/// Ends an attempt that brought nothing.
const FAIL: &str = "
    UPDATE refresh_leases SET owner = NULL, held_until = NULL, failures = failures + $6,
        interrupted = interrupted OR $5, retry_at = clock_timestamp() + $4 * interval '1 us'
    WHERE org_id = $1 AND credential_id = $2 AND owner = $3";

pub(crate) const NEEDS_REAUTH: &str = CredentialStatus::NeedsReauth.as_str();
const PENDING: &str = CredentialStatus::Pending.as_str();
const REJECTED: &str = CredentialStatus::Rejected.as_str();
const VALIDATED: &str = CredentialStatus::Validated.as_str();

#[derive(QueryableByName)]
struct AcquiredRow {
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = Bool)]
    interrupted: bool,
}

#[async_trait]
impl RefreshLeaseRepository for PostgresStore {
    async fn acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        owner: Uuid,
        length: Duration,
    ) -> StoreResult<Lease> {
        let version = stored_counter(version)?;
        within(OPERATION_LIMIT, || self.try_acquire(organization, credential, version, owner, length)).await
    }

    async fn store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        expected_version: u64,
        owner: Uuid,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let versions = (stored_counter(expected_version)?, stored_counter(refreshed.version)?);
        found_within(OPERATION_LIMIT, || self.try_store(refreshed, sealed, versions, owner, &evidence)).await
    }

    async fn fail(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        owner: Uuid,
        retry_after: Duration,
        ended: Ended,
    ) -> StoreResult<()> {
        within(OPERATION_LIMIT, || async {
            let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
            diesel::sql_query(FAIL)
                .bind::<Text, _>(organization.as_str())
                .bind::<SqlUuid, _>(credential.0)
                .bind::<SqlUuid, _>(owner)
                .bind::<BigInt, _>(micros(retry_after))
                .bind::<Bool, _>(ended == Ended::AnswerLost)
                .bind::<BigInt, _>(i64::from(ended != Ended::NotTried))
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: u64,
        problem: RefreshProblem,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let version = stored_counter(version)?;
        found_within(OPERATION_LIMIT, || {
            self.try_note_problem(organization, credential, version, problem, &evidence)
        })
        .await
    }

    async fn due(&self, limit: u32) -> StoreResult<Vec<DueRefresh>> {
        let of_this_version = lease::org_id
            .eq(dsl::org_id)
            .and(lease::credential_id.eq(dsl::id))
            .and(lease::version.eq(dsl::version));
        let now = statement_timestamp;
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<(String, Uuid, Option<OffsetDateTime>)> = dsl::credentials
                .left_join(refresh_leases::table.on(of_this_version))
                .filter(dsl::refresh_at.le(now().nullable()))
                .filter(dsl::status.ne(PENDING))
                .filter(
                    lease::held_until.is_null().or(lease::held_until.le(now().nullable()).assume_not_null()),
                )
                .filter(lease::retry_at.is_null().or(lease::retry_at.le(now().nullable()).assume_not_null()))
                .order(dsl::refresh_at)
                .limit(i64::from(limit))
                .select((dsl::org_id, dsl::id, dsl::refresh_at))
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().filter_map(read_due).collect::<StoreResult<_>>()?)
        })
        .await
    }
}

impl PostgresStore {
    async fn try_acquire(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: i64,
        owner: Uuid,
        length: Duration,
    ) -> Result<Lease, Failure> {
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                // Waits for a refresh that is being stored, and keeps the version until the lease is taken: the
                // token that was refreshed a moment ago must not be refreshed again.
                let stored: Option<i64> = dsl::credentials
                    .find((organization.as_str(), credential.0))
                    .select(dsl::version)
                    .for_share()
                    .get_result(connection)
                    .await
                    .optional()?;
                if stored != Some(version) {
                    return Ok(Lease::Moved);
                }
                let acquired: Option<AcquiredRow> = diesel::sql_query(ACQUIRE)
                    .bind::<Text, _>(organization.as_str())
                    .bind::<SqlUuid, _>(credential.0)
                    .bind::<BigInt, _>(version)
                    .bind::<SqlUuid, _>(owner)
                    .bind::<BigInt, _>(micros(length))
                    .get_result(connection)
                    .await
                    .optional()?;
                match acquired {
                    Some(AcquiredRow { failures, interrupted }) => {
                        let failures = u32::try_from(failures).unwrap_or(u32::MAX);
                        Ok(Lease::Acquired { failures, interrupted })
                    }
                    None => why_not(connection, organization, credential).await,
                }
            })
            .await
    }

    async fn try_store(
        &self,
        refreshed: &Credential,
        sealed: &Sealed,
        (expected, version): (i64, i64),
        owner: Uuid,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let key = (refreshed.organization.as_str(), refreshed.id.0);
        let config = refreshed.config.to_canonical_json();
        // What `Credential::take_refresh` does, to the row as it is by now.
        let change = (
            dsl::config.eq(&config),
            dsl::version.eq(version),
            dsl::access_token_expires_at.eq(refreshed.access_token_expires_at),
            dsl::refreshed_at.eq(refreshed.refreshed_at),
            dsl::refresh_at.eq(refreshed.refresh_at),
            dsl::status.eq(case_when(
                dsl::status.eq_any([NEEDS_REAUTH, REJECTED]),
                VALIDATED.into_sql::<Text>(),
            )
            .otherwise(dsl::status)),
            dsl::status_reason.eq(None::<&str>),
        );
        let payload = Payload::of(sealed);
        let (_turn, mut connection) = self.database.checkout_in_turn(&refreshed.organization).await?;
        connection
            .transaction(async |connection| {
                let as_expected = dsl::credentials.find(key).filter(dsl::version.eq(expected));
                if diesel::update(as_expected).set((change, &payload)).execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                let ours = lease::refresh_leases.find(key).filter(lease::owner.eq(owner));
                diesel::delete(ours).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_note_problem(
        &self,
        organization: &OrganizationId,
        credential: CredentialId,
        version: i64,
        problem: RefreshProblem,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let reason = problem.as_str();
        let row =
            dsl::credentials.find((organization.as_str(), credential.0)).filter(dsl::version.eq(version));
        let other_reason = dsl::status_reason.is_distinct_from(reason);
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let noted = match problem.status().map(CredentialStatus::as_str) {
                    Some(status) => {
                        diesel::update(row.filter(dsl::status.ne(status).or(other_reason)))
                            .set((
                                dsl::status.eq(status),
                                dsl::status_reason.eq(reason),
                                dsl::refresh_at.eq(None::<OffsetDateTime>),
                            ))
                            .execute(connection)
                            .await?
                    }
                    None => {
                        diesel::update(row.filter(dsl::status.ne(NEEDS_REAUTH).and(other_reason)))
                            .set(dsl::status_reason.eq(reason))
                            .execute(connection)
                            .await?
                    }
                };
                if noted == 0 {
                    return Err(Failure::Absent);
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }
}

/// Why a lease could not be taken. One that ended since is told as held: whoever asked comes back.
async fn why_not(
    connection: &mut AsyncPgConnection,
    organization: &OrganizationId,
    credential: CredentialId,
) -> Result<Lease, Failure> {
    let times: Option<(Option<Uuid>, Option<OffsetDateTime>, OffsetDateTime)> = lease::refresh_leases
        .find((organization.as_str(), credential.0))
        .select((lease::owner, lease::retry_at, clock_timestamp()))
        .get_result(connection)
        .await
        .optional()?;
    Ok(match times {
        Some((None, Some(retry_at), now)) => Duration::try_from(retry_at - now)
            .map_or(Lease::Held, |wait| Lease::NotYet(wait.max(SHORTEST_WAIT))),
        _ => Lease::Held,
    })
}

/// What whoever came too early waits at least.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// What is due has a time.
fn read_due(
    (organization, id, at): (String, Uuid, Option<OffsetDateTime>),
) -> Option<StoreResult<DueRefresh>> {
    let (row, refresh_at) = (RowName { table: "credentials", organization: &organization, id: &id }, at?);
    let due = row.organization().map(|organization| DueRefresh {
        organization,
        credential: CredentialId(id),
        refresh_at,
    });
    Some(due)
}

/// Whole microseconds, which is what the server's clock counts in; at most what it can add to now.
fn micros(length: Duration) -> i64 {
    const LONGEST: i64 = i64::MAX / 10;
    i64::try_from(length.as_nanos().div_ceil(1_000)).unwrap_or(LONGEST).min(LONGEST)
}
