//! Takes leases, and ends attempts that failed. The server's clock is read after the wait for a row.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use strongroom_domain::OrganizationId;
use strongroom_domain::oauth::DOUBT;
use strongroom_repository::{Ended, Lease, StoreResult};
use strongroom_store_rows::schema::{credentials, refresh_leases};
use strongroom_store_rows::sql_types::Id;
use strongroom_store_rows::{Aborted, Micros, RowId};

use crate::connection::{Connection, RunQueryDsl, clock_now};
use crate::failure::{OPERATION_LIMIT, within};
use crate::store::Store;

/// Takes a lease if it is free. No row means that another owner holds it or that the next attempt is not due.
/// An `owner` that is still set after its lease has ended belongs to an attempt that was interrupted.
const ACQUIRE: &str = "
    INSERT INTO refresh_leases AS stored (org_id, credential_id, version, owner, held_until, interrupted, failures)
    VALUES ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 us', false, 0)
    ON CONFLICT (org_id, credential_id) DO UPDATE SET
        version = $3, owner = $4, held_until = clock_timestamp() + $5 * interval '1 us', retry_at = NULL,
        interrupted = stored.version = $3 AND (stored.interrupted OR stored.owner IS NOT NULL),
        failures = CASE WHEN stored.version = $3 THEN stored.failures ELSE 0 END,
        doubted_at = CASE WHEN stored.version = $3 THEN stored.doubted_at END
    WHERE stored.version <> $3
        OR coalesce(stored.held_until <= clock_timestamp(), true) AND coalesce(stored.retry_at <= clock_timestamp(), true)
    RETURNING failures, interrupted,
        coalesce(doubted_at <= clock_timestamp() - $6 * interval '1 us', false) AS doubted";

/// Ends an attempt that gave no token.
const FAIL: &str = "
    UPDATE refresh_leases SET owner = NULL, held_until = NULL, failures = failures + $6,
        interrupted = interrupted OR $5, retry_at = clock_timestamp() + $4 * interval '1 us',
        doubted_at = CASE WHEN $7 THEN coalesce(doubted_at, clock_timestamp()) ELSE doubted_at END
    WHERE org_id = $1 AND credential_id = $2 AND owner = $3";

/// The shortest wait that a caller is given that came too early.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

#[derive(QueryableByName)]
struct AcquiredRow {
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = Bool)]
    interrupted: bool,
    #[diesel(sql_type = Bool)]
    doubted: bool,
}

/// Takes the lease of a credential, if it still has this version.
pub(crate) async fn acquire(
    store: &Store,
    organization: &OrganizationId,
    credential: RowId,
    version: i64,
    owner: RowId,
    length: Duration,
) -> StoreResult<Lease> {
    let work = async |connection: &mut Connection| {
        // This waits for a refresh that is being stored, and keeps the version until the lease is taken: a
        // token that was refreshed a moment ago must not be refreshed again.
        let row = credentials::table.find((organization.as_str(), credential)).select(credentials::version);
        let stored: Option<i64> = row.for_share().get_result(connection).await.optional()?;
        if stored != Some(version) {
            return Ok(Lease::Moved);
        }
        let acquired: Option<AcquiredRow> = diesel::sql_query(ACQUIRE)
            .bind::<Text, _>(organization.as_str())
            .bind::<Id, _>(credential)
            .bind::<BigInt, _>(version)
            .bind::<Id, _>(owner)
            .bind::<BigInt, _>(micros(length))
            .bind::<BigInt, _>(micros(DOUBT))
            .get_result(connection)
            .await
            .optional()?;
        match acquired {
            Some(AcquiredRow { failures, interrupted, doubted }) => {
                let failures = u32::try_from(failures).unwrap_or(u32::MAX);
                Ok(Lease::Acquired { failures, interrupted, doubted })
            }
            None => why_not(connection, organization, credential).await,
        }
    };
    store.database.transact(organization, work).await
}

/// Returns why a lease could not be taken. One that has ended since is reported as held, because the caller
/// asks again.
async fn why_not(
    connection: &mut Connection,
    organization: &OrganizationId,
    credential: RowId,
) -> Result<Lease, Aborted> {
    let times: Option<(Option<RowId>, Option<Micros>, Micros)> = refresh_leases::table
        .find((organization.as_str(), credential))
        .select((refresh_leases::owner, refresh_leases::retry_at, clock_now()))
        .get_result(connection)
        .await
        .optional()?;
    Ok(match times {
        Some((None, Some(retry_at), now)) => {
            retry_at.since(now).map_or(Lease::Held, |wait| Lease::NotYet(wait.max(SHORTEST_WAIT)))
        }
        _ => Lease::Held,
    })
}

/// Ends an attempt that gave no token, if `owner` still holds the lease.
pub(crate) async fn fail(
    store: &Store,
    organization: &OrganizationId,
    credential: RowId,
    owner: RowId,
    retry_after: Duration,
    ended: Ended,
) -> StoreResult<()> {
    within(OPERATION_LIMIT, || async {
        let (_turn, mut connection) = store.database.checkout_in_turn(organization).await?;
        diesel::sql_query(FAIL)
            .bind::<Text, _>(organization.as_str())
            .bind::<Id, _>(credential)
            .bind::<Id, _>(owner)
            .bind::<BigInt, _>(micros(retry_after))
            .bind::<Bool, _>(ended == Ended::AnswerLost)
            .bind::<BigInt, _>(i64::from(ended != Ended::NotTried))
            .bind::<Bool, _>(ended == Ended::Doubted)
            .execute(&mut *connection)
            .await?;
        Ok(())
    })
    .await
}

/// The length in microseconds, limited to what the server can add to the current time.
fn micros(length: Duration) -> i64 {
    Micros::in_micros(length).min(i64::MAX / 10)
}
