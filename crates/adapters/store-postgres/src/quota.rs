//! Places in the quota of an organisation for a provider, taken and given back inside a caller's transaction.
//! The row is the first in the order of locks.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use strongroom_domain::{OrganizationId, ProviderId};
use strongroom_repository::StoreError;
use strongroom_store_rows::Aborted;
use strongroom_store_rows::schema::credential_quota;

use crate::connection::{Connection, RunQueryDsl};

/// Takes a place if there is one. The organisation's own limit counts before the deployment's. No row means
/// that no place is left.
const TAKE_PLACE: &str = "
    WITH allowed AS (
        SELECT coalesce((SELECT credentials_per_provider FROM organization_limits WHERE org_id = $1), $3) AS places
    )
    INSERT INTO credential_quota AS quota (org_id, provider, used)
    SELECT $1, $2, 1 FROM allowed WHERE places > 0
    ON CONFLICT (org_id, provider) DO UPDATE SET used = quota.used + 1
    WHERE quota.used < (SELECT places FROM allowed)";

/// Takes one place.
pub(crate) async fn take(
    connection: &mut Connection,
    organization: &OrganizationId,
    provider: &ProviderId,
    default_limit: u32,
) -> Result<(), Aborted> {
    let taken = diesel::sql_query(TAKE_PLACE)
        .bind::<Text, _>(organization.as_str())
        .bind::<Text, _>(provider.as_str())
        .bind::<BigInt, _>(i64::from(default_limit))
        .execute(connection)
        .await?;
    if taken == 1 { Ok(()) } else { Err(StoreError::QuotaExceeded.into()) }
}

/// Locks the row, for callers that learn only later whether there is a place to give back.
pub(crate) async fn hold(
    connection: &mut Connection,
    organization: &OrganizationId,
    provider: &str,
) -> Result<(), Aborted> {
    let row = credential_quota::table.find((organization.as_str(), provider));
    row.select(credential_quota::used).for_update().get_result::<i64>(connection).await.optional()?;
    Ok(())
}

/// Gives one place back.
pub(crate) async fn give_back(
    connection: &mut Connection,
    organization: &OrganizationId,
    provider: &str,
) -> Result<(), Aborted> {
    // A counter that is wrongly at zero stays there; `doctor` reports it.
    let place =
        credential_quota::table.find((organization.as_str(), provider)).filter(credential_quota::used.gt(0));
    let change = credential_quota::used.eq(credential_quota::used - 1);
    diesel::update(place).set(change).execute(connection).await?;
    Ok(())
}
