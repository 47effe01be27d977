//! Places in the quota of an organisation for a provider, taken and given back inside a caller's transaction.

use diesel::prelude::*;
use strongroom_domain::{OrganizationId, ProviderId};
use strongroom_repository::StoreError;
use strongroom_store_rows::Aborted;
use strongroom_store_rows::schema::{credential_quota, organization_limits};

use crate::connection::Connection;

/// Takes one place. The organisation's own limit counts before the deployment's.
pub(crate) async fn take(
    connection: &mut Connection,
    organization: &OrganizationId,
    provider: &ProviderId,
    default_limit: u32,
) -> Result<(), Aborted> {
    let own_limit: Option<i64> = organization_limits::table
        .find(organization.as_str())
        .select(organization_limits::credentials_per_provider)
        .first(connection)
        .optional()?;
    let limit = own_limit.unwrap_or(i64::from(default_limit));
    let counter = credential_quota::table.find((organization.as_str(), provider.as_str()));
    let counted = diesel::update(counter.filter(credential_quota::used.lt(limit)))
        .set(credential_quota::used.eq(credential_quota::used + 1))
        .execute(connection)?;
    if counted == 1 {
        return Ok(());
    }
    let first = (
        credential_quota::org_id.eq(organization.as_str()),
        credential_quota::provider.eq(provider.as_str()),
        credential_quota::used.eq(1),
    );
    if limit > 0
        && diesel::insert_or_ignore_into(credential_quota::table).values(first).execute(connection)? == 1
    {
        return Ok(());
    }
    Err(StoreError::QuotaExceeded.into())
}

/// Does nothing. PostgreSQL locks the row here for callers that learn only later whether there is a place to
/// give back; here only one transaction writes at a time.
pub(crate) async fn hold(
    _connection: &mut Connection,
    _organization: &OrganizationId,
    _provider: &str,
) -> Result<(), Aborted> {
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
    diesel::update(place).set(change).execute(connection)?;
    Ok(())
}
