//! Takes leases, and ends attempts that failed. Because there is one writer, a lease has one owner.

use std::time::Duration;

use diesel::prelude::*;
use strongroom_domain::OrganizationId;
use strongroom_domain::oauth::DOUBT;
use strongroom_repository::{Ended, Lease, StoreResult};
use strongroom_store_rows::schema::{credentials, refresh_leases};
use strongroom_store_rows::{Micros, RowId};

use crate::connection::{Connection, clock_now};
use crate::store::Store;

/// The shortest wait that a caller is given that came too early.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The attempts to refresh one version of a credential.
#[derive(Queryable, Selectable, Default)]
#[diesel(table_name = refresh_leases)]
struct LeaseRow {
    owner: Option<RowId>,
    held_until: Option<Micros>,
    interrupted: bool,
    failures: i64,
    retry_at: Option<Micros>,
    doubted_at: Option<Micros>,
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
    let organization = organization.as_str().to_owned();
    let acquire = async move |connection: &mut Connection| {
        let stored = credentials::table.find((&organization, credential)).select(credentials::version);
        if stored.first(connection).optional()? != Some(version) {
            return Ok(Lease::Moved);
        }
        let now: Micros = diesel::select(clock_now()).get_result(connection)?;
        let known = refresh_leases::table
            .find((&organization, credential))
            .filter(refresh_leases::version.eq(version))
            .select(LeaseRow::as_select())
            .first(connection)
            .optional()?
            .unwrap_or_default();
        if known.held_until.is_some_and(|end| end > now) {
            return Ok(Lease::Held);
        }
        if let Some(retry_at) = known.retry_at.filter(|at| *at > now) {
            return Ok(Lease::NotYet(retry_at.since(now).unwrap_or_default().max(SHORTEST_WAIT)));
        }
        // An owner that is still set belongs to an attempt that was interrupted.
        let interrupted = known.interrupted || known.owner.is_some();
        let row = (
            refresh_leases::org_id.eq(&organization),
            refresh_leases::credential_id.eq(credential),
            refresh_leases::version.eq(version),
            refresh_leases::owner.eq(owner),
            refresh_leases::held_until.eq(now.after(length)),
            refresh_leases::interrupted.eq(interrupted),
            refresh_leases::failures.eq(known.failures),
            refresh_leases::doubted_at.eq(known.doubted_at),
        );
        diesel::replace_into(refresh_leases::table).values(row).execute(connection)?;
        let failures = u32::try_from(known.failures).unwrap_or(u32::MAX);
        let doubted = known.doubted_at.is_some_and(|at| at.after(DOUBT) <= now);
        Ok(Lease::Acquired { failures, interrupted, doubted })
    };
    store.database.alone(acquire).await
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
    let organization = organization.as_str().to_owned();
    let fail = async move |connection: &mut Connection| {
        let now: Micros = diesel::select(clock_now()).get_result(connection)?;
        let change = (
            refresh_leases::owner.eq(None::<RowId>),
            refresh_leases::held_until.eq(None::<Micros>),
            refresh_leases::failures.eq(refresh_leases::failures + i64::from(ended != Ended::NotTried)),
            refresh_leases::retry_at.eq(now.after(retry_after)),
        );
        // `None` does not change the column.
        let lost = (ended == Ended::AnswerLost).then(|| refresh_leases::interrupted.eq(true));
        let row = refresh_leases::table.find((&organization, credential));
        let ours = row.filter(refresh_leases::owner.eq(owner));
        if ended == Ended::Doubted {
            let first = ours.filter(refresh_leases::doubted_at.is_null());
            diesel::update(first).set(refresh_leases::doubted_at.eq(now)).execute(connection)?;
        }
        diesel::update(ours).set((change, lost)).execute(connection)?;
        Ok(())
    };
    store.database.alone(fail).await
}
